# The numbers of tobit.yaml. R version 4.2.2 Patched (2022-11-10 r83330), survival 3.5-3.
# Rscript tests/validation/kinetics/oracle_nca.R
library(survival)
fit <- function(name, t, value, state, lloq, lod) {
  lo <- ifelse(state == 0, log(value), ifelse(state == 2, log(lod), NA))
  hi <- ifelse(state == 0, log(value), log(lloq))
  f <- survreg(Surv(lo, hi, type = "interval2") ~ t, dist = "gaussian", control = survreg.control(rel.tolerance = 1e-12, maxiter = 500))
  cat(name, sprintf("%.12g", c(coef(f), f$scale, sqrt(diag(vcov(f)))[2], f$loglik[2])), "\n")
}
fit("one", c(1, 2, 3, 5, 7, 10, 14), c(5, 3.4, 2.9, 1.1, NA, .3, NA), c(0, 0, 0, 0, 2, 0, 1), c(.5, .5, .5, .5, .5, .1, .5), rep(.2, 7))
fit("two", c(1, 2, 3, 5, 7, 9, 14, 28), c(4.2, 1.9, 1.5, .31, NA, NA, NA, NA), c(0, 0, 0, 0, 1, 1, 1, 1), c(.1, .12, .1, .2, .15, .3, .1, .1), rep(NA, 8))
fit("three", c(.17, 1, 2, 3, 5, 7), c(8.1, 2.4, 1.2, NA, .4, NA), c(0, 0, 0, 1, 0, 1), rep(.35, 6), rep(NA, 6))
fit("four", c(1, 2, 4, 6, 8), c(900, 410, 120, 22, 7), rep(0, 5), rep(1, 5), rep(NA, 5))
mean_only <- function(name, seen, limits) {
  lo <- c(log(seen), rep(NA, length(limits))); hi <- c(log(seen), log(limits))
  f <- survreg(Surv(lo, hi, type = "interval2") ~ 1, dist = "gaussian", control = survreg.control(rel.tolerance = 1e-12, maxiter = 500))
  cat(name, sprintf("%.12g", c(coef(f), f$scale)), "\n")
}
mean_only("mean_one", c(1.2, 3.4, .8, 2.2), c(.5, .7))
mean_only("mean_two", c(5, 9), c(4, 4, 4))
