# Numbers in published.yaml marked "base R". Run by hand, never by a test: Rscript oracle.R
# R version 4.2.2 Patched (2022-11-10 r83330), packages stats only.

# Exact probability of ever reaching the bounds b[k] (Inf: cannot) at looks n[k], by convolving the counts that go on.
cross <- function(n, b, p) {
  alive <- 1; seen <- 0; total <- 0
  for (k in seq_along(n)) {
    m <- n[k] - seen; seen <- n[k]
    step <- dbinom(0:m, m, p)
    grown <- numeric(length(alive) + m)
    for (i in seq_along(alive)) grown[i + 0:m] <- grown[i + 0:m] + alive[i] * step
    out <- (seq_along(grown) - 1) >= b[k]
    total <- total + sum(grown[out]); grown[out] <- 0
    alive <- grown
  }
  total
}
# Pocock: the same nominal level at each look, the largest of those that occur with the crossing probability within alpha.
pocock <- function(n, p0, alpha) {
  levels <- sort(unique(unlist(lapply(n, function(k) pbinom(0:k - 1, k, p0, lower.tail = FALSE)))), decreasing = TRUE)
  for (a in levels) {
    b <- sapply(n, function(k) { t <- pbinom(0:k - 1, k, p0, lower.tail = FALSE); w <- which(t <= a * (1 + 1e-12)); if (length(w)) w[1] - 1 else Inf })
    if (cross(n, b, p0) <= alpha) return(list(bounds = b, level = a, error = cross(n, b, p0)))
  }
}
posterior <- function(n, a, b, rate, cut) sapply(n, function(k) { w <- which(pbeta(rate, a + 0:k, b + k - 0:k, lower.tail = FALSE) > cut); if (length(w)) w[1] - 1 else Inf })

for (s in list(list(1:40, .2, .05), list(1:30, .3, .1), list(c(10, 20, 35, 40), .25, .05))) {
  r <- pocock(s[[1]], s[[2]], s[[3]]); cat("pocock", s[[2]], s[[3]], ":", r$bounds, "| error", format(r$error, digits = 12), "\n")
}
cat("rule A", posterior(3:40, .5, 1.5, .25, .9), "\n")
cat("rule B", posterior(2:40, .1, 1.9, .05, .9), "\n")
cat("rule A stops", sapply(c(.1, .25, .4), function(p) format(cross(3:40, posterior(3:40, .5, 1.5, .25, .9), p), digits = 12)), "\n")
# Thall-Simon: P(p_E > p_S + d), standard Beta(15, 35), experimental Beta(0.6 + x, 1.4 + n - x)
ts <- function(x, n, d) integrate(function(s) dbeta(s, 15, 35) * pbeta(s + d, .6 + x, 1.4 + n - x, lower.tail = FALSE), 0, 1 - d, rel.tol = 1e-12)$value
cat("thall-simon", sapply(list(c(5, 20, 0), c(12, 25, 0), c(5, 20, .1), c(0, 6, 0)), function(v) format(ts(v[1], v[2], v[3]), digits = 12)), "\n")
# Lee-Liu predictive probability: Beta(0.6, 0.4), rate 0.6, certainty 0.95, 40 subjects, 23 given 16 responses
pp <- function(x, n, N, a, b, rate, cut) { y <- 0:(N - n); f <- exp(lchoose(N - n, y) + lbeta(a + x + y, b + N - x - y) - lbeta(a + x, b + n - x)); sum(f[pbeta(rate, a + x + y, b + N - x - y, lower.tail = FALSE) > cut]) }
cat("lee-liu", format(pp(16, 23, 40, .6, .4, .6, .9), digits = 12), format(pp(12, 23, 40, .6, .4, .6, .9), digits = 12), format(pp(3, 20, 36, .2, .8, .2, .9), digits = 12), "\n")
