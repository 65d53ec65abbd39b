# The numbers that test_rates_against_r.py holds ours against. Run: Rscript oracle.R
# Printed by R 4.2.2 Patched (2022-11-10 r83330), survival 3.5.3, cmprsk 2.2.11; the numbers stand in expected.csv.
suppressMessages({library(survival); library(cmprsk)})
cat(R.version.string, "survival", as.character(packageVersion("survival")), "cmprsk", as.character(packageVersion("cmprsk")), "\n")
rate <- function(x, t) { p <- poisson.test(x, t); cat(sprintf("poisson.test(%d, %s) %.12g %.12g %.12g\n", x, format(t, digits=15), p$estimate, p$conf.int[1], p$conf.int[2])) }
share <- function(x, n) { p <- binom.test(x, n); cat(sprintf("binom.test(%d, %d) %.12g %.12g %.12g\n", x, n, p$estimate, p$conf.int[1], p$conf.int[2])) }
# Ten children: days at risk, day of the first event (NA none), died (TRUE: observation ended by death)
risk  <- c(88, 88, 60, 88, 39, 88, 21, 88, 75, 88)
first <- c(1, 15, NA, 15, NA, 40, NA, NA, 8, 75)
died  <- c(F, F, F, F, T, F, F, F, F, F)
time <- ifelse(is.na(first), risk, first)
years <- sum(time) / 365.25
rate(sum(!is.na(first)), years)
rate(0, sum(risk) / 365.25)
rate(9, sum(risk) / 365.25)
share(6, 10); share(0, 10); share(10, 10); share(1, 320); share(37, 320)
rate(41, 320)
cause <- ifelse(!is.na(first), 1, ifelse(died, 2, 0))
state <- factor(cause, 0:2, c("censored", "event", "death"))
fit <- survfit(Surv(time, state) ~ 1)
at <- summary(fit, times = c(1, 8, 15, 40, 75))
print(data.frame(day = at$time, incidence = sprintf("%.12g", at$pstate[, 2]), se = sprintf("%.12g", at$std.err[, 2]), risk = at$n.risk[, 1]))
ci <- cuminc(time, cause)[["1 1"]]
print(data.frame(time = ci$time, est = sprintf("%.12g", ci$est), var = sprintf("%.12g", ci$var)))
