# The numbers of test_fit_witnesses.py and test_exposure_witness.py. Run by hand: Rscript oracle.R in this folder. It printed
# R version 4.2.2 Patched (2022-11-10 r83330) survival 3.5.3 nlme 3.1.162
library(survival); library(nlme)
cat(R.version.string, "survival", as.character(packageVersion("survival")), "nlme", as.character(packageVersion("nlme")), "\n")
d <- read.csv("tobit_line.csv")
m <- survreg(Surv(log(value), measured, type = "left") ~ time, data = d, dist = "gaussian", control = survreg.control(rel.tolerance = 1e-12, maxiter = 200))
print(c(coef(m), log(m$scale)), digits = 12); print(m$loglik[2], digits = 12); print(sqrt(diag(vcov(m))), digits = 10)
s <- read.csv("single_dose.csv")
curve4 <- function(t, c0, lf, g, s) { f <- plogis(lf); b <- exp(s); a <- exp(g) + b; c0 + log(f * exp(-a * t) + (1 - f) * exp(-b * t)) }
fit <- nlme(log(value) ~ curve4(time, c0, lf, g, s), data = s, fixed = c0 + lf + g + s ~ 1, random = pdDiag(c0 + lf + g + s ~ 1),
  groups = ~subject, start = c(7, 1.4, 0.7, -1.4), method = "ML", control = nlmeControl(pnlsTol = 1e-6, msTol = 1e-9, tolerance = 1e-8, maxIter = 500, msMaxIter = 500))
print(fixef(fit), digits = 8); print(VarCorr(fit)); print(fit$sigma, digits = 8); print(logLik(fit), digits = 10)
# Firth
x <- c(0.2, 0.5, 0.9, 1.1, 1.6, 2.0, 2.2, 2.7, 3.1, 3.5); y <- c(0, 0, 0, 1, 0, 1, 0, 1, 1, 1)
pl <- function(b, y) { p <- plogis(b[1] + b[2] * x); X <- cbind(1, x); sum(dbinom(y, 1, p, log = TRUE)) + 0.5 * log(det(t(X) %*% (X * (p * (1 - p))))) }
firth <- function(y) {
  o <- optim(c(0, 0), function(b) -pl(b, y), method = "BFGS", control = list(reltol = 1e-15, maxit = 2000))
  o <- optim(o$par, function(b) -pl(b, y), method = "Nelder-Mead", control = list(reltol = 1e-16, maxit = 5000))
  prof <- function(s) optimize(function(a) pl(c(a, s), y), c(-60, 60), maximum = TRUE, tol = 1e-12)$objective
  top <- -o$value; h <- qchisq(0.95, 1) / 2
  lo <- uniroot(function(s) top - h - prof(s), c(o$par[2] - 20, o$par[2]), tol = 1e-10)$root
  hi <- uniroot(function(s) top - h - prof(s), c(o$par[2], o$par[2] + 60), tol = 1e-10)$root
  print(c(o$par, lo, hi, pchisq(2 * (top - prof(0)), 1, lower.tail = FALSE), top), digits = 9) }
firth(y); firth(as.numeric(x > 1.8))
