# Independent numbers for test_oracle.py, base R only: Rscript oracle.R
cat(R.version.string, "\n")
two <- function(r1, n1, r, n, p) {
  x <- (r1 + 1):n1
  sum(dbinom(x, n1, p) * pbinom(r - x, n - n1, p, lower.tail = FALSE))
}
for (p in c(0.2, 0.3, 0.4)) cat("two_stage 3/17 10/37", p, format(two(3, 17, 10, 37, p), digits = 15), "\n")
for (p in c(0.5, 0.65)) cat("two_stage 22/42 60/105", p, format(two(22, 42, 60, 105, p), digits = 15), "\n")
# stage-wise upper tail of 14 responses, design 3/13 12/43
tail14 <- function(p, x = 14) { s <- 4:13; sum(dbinom(s, 13, p) * pbinom(x - s - 1, 30, p, lower.tail = FALSE)) }
cat("stage_wise p", format(tail14(0.2), digits = 15), "\n")
root <- function(f, a) uniroot(function(p) f(p) - a, c(1e-9, 1 - 1e-9), tol = 1e-14)$root
cat("stage_wise lower", format(root(tail14, 0.05), digits = 15), "\n")
cat("stage_wise upper", format(root(function(p) tail14(p, 15), 0.95), digits = 15), "\n")
cat("stage_wise median", format(root(tail14, 0.5), digits = 15), "\n")
# stopped at stage 1 with 2 of 13
up2 <- function(p, x = 2) pbinom(x - 1, 13, p, lower.tail = FALSE)
cat("first lower", format(root(up2, 0.05), digits = 15), "\n")
cat("first upper", format(root(function(p) up2(p, 3), 0.95), digits = 15), "\n")
# conditional approach with 27 subjects in the second stage
cond <- function(p, m, x2 = 9, x1 = 5) {
  a <- pbinom(x2 - 1, m, p, lower.tail = FALSE)
  need <- 13 - x1
  star <- uniroot(function(q) pbinom(need - 1, 30, q, lower.tail = FALSE) - a, c(0, 1), tol = 1e-15)$root
  s <- 4:13
  sum(dbinom(s, 13, p) * pbinom(12 - s, 30, star, lower.tail = FALSE))
}
for (m in c(25, 27, 30, 33)) cat("koyama_chen p", m, format(cond(0.2, m), digits = 10), "\n")
cat("koyama_chen lower 27", format(root(function(p) cond(p, 27), 0.05), digits = 9), "\n")
# single stage
for (p in c(0.25, 0.30, 0.35)) cat("single 40 8", p, format(pbinom(7, 40, p, lower.tail = FALSE), digits = 15), "\n")
ci <- binom.test(12, 40)$conf.int
cat("clopper_pearson 12/40", format(ci[1], digits = 15), format(ci[2], digits = 15), "\n")
w <- prop.test(12, 40, correct = FALSE)$conf.int
cat("wilson 12/40", format(w[1], digits = 12), format(w[2], digits = 12), "\n")
# accrual: two sites open all the time, gamma(4, 6): the sum is negative binomial with size 8
t <- 20
cat("accrual P(N >= 40 in 20 months)", format(pnbinom(39, 8, 6 / (6 + t), lower.tail = FALSE), digits = 15), "\n")
a <- dnbinom(0:39, 9, 8 / (8 + t)); b <- dnbinom(0:39, 5, 7 / (7 + t - 3))
total <- 0; for (i in 0:39) total <- total + a[i + 1] * sum(b[1:(40 - i)])
cat("accrual two rates P(N >= 40)", format(1 - total, digits = 12), "\n")
# BOIN boundaries by their definition
phi <- 0.3; lo <- 0.6 * phi; hi <- 1.4 * phi
cat("lambda_e", format(log((1 - lo) / (1 - phi)) / log(phi * (1 - lo) / (lo * (1 - phi))), digits = 15), "\n")
cat("lambda_d", format(log((1 - phi) / (1 - hi)) / log(hi * (1 - phi) / (phi * (1 - hi))), digits = 15), "\n")
# isotonic estimates of (0,1,3)/6 treated with the same weights
a <- c(0, 3, 1) + 0.05; b <- c(6, 6, 6) - c(0, 3, 1) + 0.05
m <- a / (a + b); v <- a * b / ((a + b)^2 * (a + b + 1)); w <- 1 / v
pool <- sum((m * w)[2:3]) / sum(w[2:3])
cat("isotonic", format(m[1], digits = 15), format(pool, digits = 15), "\n")
# assurance: one stage 8 of 40, uniform prior
cat("assurance", format(integrate(function(p) pbinom(7, 40, p, lower.tail = FALSE) * dbeta(p, 2, 4), 0, 1, rel.tol = 1e-12)$value, digits = 12), "\n")
# what 40 buys: p0, reject at, then type I and power at +0.15, +0.20, +0.25
for (i in 1:6) {
  p0 <- 0.05 * i
  r <- min(which(pbinom(0:40 - 1, 40, p0, lower.tail = FALSE) <= 0.05)) - 1
  cat("forty", p0, r, round(pbinom(r - 1, 40, p0 + c(0, 0.15, 0.20, 0.25), lower.tail = FALSE), 3), "\n")
}
