# Numbers from R's survival and cmprsk for the tests beside this file. Run here: Rscript oracle.R
# Written with R 4.2.2, survival 3.5.3, cmprsk 2.2.11. The tests read the files and never call R.
suppressMessages({ library(survival); library(cmprsk) })
options(digits = 15)
write_to <- function(frame, file) {
  for (name in names(frame)) if (is.numeric(frame[[name]])) frame[[name]] <- formatC(frame[[name]], digits = 14, format = "g", width = 1)
  write.csv(frame, file, row.names = FALSE, quote = FALSE)
}
made <- function(time, status, entry = NULL) { d <- data.frame(time = time, status = status); if (!is.null(entry)) d$entry <- entry; d }

# Data: survival's own, and made-up ends and edges.
lung2 <- with(survival::lung, data.frame(time, status = status - 1, sex, age, ph = ph.ecog))
write_to(lung2[, c("time", "status")], "data/lung_all.csv")
lung2 <- lung2[!is.na(lung2$ph), ]
vet <- with(survival::veteran, data.frame(time, status, trt, karno, age, cell = as.character(celltype)))
ova <- with(survival::ovarian, data.frame(time = futime, status = fustat, rx, age))
aml2 <- with(survival::aml, data.frame(time, status, x = as.character(x)))
curves <- list(
  lung = lung2, veteran = vet, ovarian = ova, aml = aml2,
  all_events = made(1:10, rep(1, 10)), all_events_12 = made(1:12, rep(1, 12)),
  flat_to_the_end = made(c(1, 2, 5, 7), c(1, 1, 0, 0)), flat_in_the_middle = made(c(1, 2, 3, 5, 7, 8), c(1, 1, 1, 0, 0, 1)),
  zero_at_the_end = made(c(1, 2, 3, 4), c(1, 0, 1, 1)), no_event = made(c(1, 2, 3), c(0, 0, 0)),
  one_event = made(5, 1), one_censored = made(5, 0), same_day = made(c(3, 3, 3, 3, 7, 7, 9), c(1, 1, 0, 0, 1, 0, 1)),
  everyone_at_once = made(c(4, 4, 4), c(1, 1, 1)), at_time_zero = made(c(0, 0, 2, 3, 5, 8), c(1, 0, 1, 0, 1, 0)),
  split_by_rounding = made(c(0.1 + 0.2, 0.3, 0.7, 0.1 * 7, 1.1, 2, 2 + 1e-12, 3), c(1, 1, 1, 0, 1, 1, 0, 0)),
  twelfths = made(cumsum(rep(1 / 12, 24))[c(3, 3, 6, 9, 12, 12, 18, 24)] + c(0, 2, -1, 1, 0, 3, 0, 0) * 1e-13, c(1, 0, 1, 1, 1, 0, 0, 1)),
  three_quarters = made(c(2, 5, 9, 11, 14, 18, 18, 21, 30, 33, 41, 44), c(1, 1, 1, 0, 0, 1, 1, 1, 0, 1, 0, 0)),
  late_entry = made(c(3, 5, 6, 7, 8, 8, 12), c(1, 1, 0, 1, 1, 0, 1), c(0, 0, 2, 3, 3, 5, 6))
)
heart2 <- with(survival::heart, data.frame(id, entry = start, time = stop, status = event, transplant = as.integer(transplant) - 1, age, surgery))
heart2$time <- ifelse(heart2$time == heart2$entry, heart2$time + 0.5, heart2$time)
curves$heart_stretches <- heart2
for (name in names(curves)) write_to(curves[[name]], file.path("data", paste0(name, ".csv")))

surv_of <- function(d) if (is.null(d$entry)) Surv(d$time, d$status) else Surv(d$entry, d$time, d$status)
types <- c(plain = "plain", log = "log", log_log = "log-log", logit = "logit", arcsine = "arcsin")
points <- quantiles <- means <- NULL
for (name in names(curves)) {
  d <- curves[[name]]; s <- surv_of(d)
  fits <- lapply(types, function(type) survfit(s ~ 1, conf.type = type))
  f <- fits[[1]]
  part <- data.frame(data = name, time = f$time, n_risk = f$n.risk, n_event = f$n.event, n_censored = f$n.censor, survival = f$surv, relative = f$std.err)
  for (type in names(types)) { part[[paste0("lower_", type)]] <- fits[[type]]$lower; part[[paste0("upper_", type)]] <- fits[[type]]$upper }
  points <- rbind(points, part)
  for (type in names(types)) {
    q <- quantile(fits[[type]], c(.1, .25, .5, .75))
    # quantile() searches limit curves as if they always fell; with few at risk they may rise again, and it then names another step
    # than the first crossing. print() gives the first crossing. `falls` says where the two must agree.
    falls <- function(y) as.integer(all(diff(y[!is.na(y)]) <= 0))
    printed <- summary(fits[[type]])$table
    quantiles <- rbind(quantiles, data.frame(data = name, transform = type, p = c(.1, .25, .5, .75), time = q$quantile, lower = q$lower, upper = q$upper,
      lower_falls = falls(fits[[type]]$lower), upper_falls = falls(fits[[type]]$upper), printed_lower = c(NA, NA, printed["0.95LCL"], NA), printed_upper = c(NA, NA, printed["0.95UCL"], NA)))
  }
  if (is.null(d$entry)) for (share in c(.5, .9, 1)) {
    tau <- share * max(d$time); if (tau < min(d$time)) next
    t <- summary(f, rmean = tau)$table
    means <- rbind(means, data.frame(data = name, tau = tau, estimate = t["rmean"], std_error = t["se(rmean)"]))
  }
}
write_to(points, "expected/curves.csv"); write_to(quantiles, "expected/quantiles.csv"); write_to(means, "expected/restricted_means.csv")
reverse <- NULL
for (name in c("lung", "veteran", "ovarian", "aml", "same_day")) {
  q <- quantile(survfit(Surv(time, 1 - status) ~ 1, data = curves[[name]], conf.type = "log-log"), c(.25, .5, .75))
  reverse <- rbind(reverse, data.frame(data = name, p = c(.25, .5, .75), time = q$quantile, lower = q$lower, upper = q$upper))
}
write_to(reverse, "expected/reverse.csv")

# Tests and models: one row a number, with the call that gave it.
rows <- NULL
say <- function(id, call, ...) { v <- c(...); rows <<- rbind(rows, data.frame(id = id, place = seq_along(v), value = unname(v), call = gsub(",", ";", call))) }
test <- function(id, call, d) {
  f <- eval(parse(text = call), list(d = d))
  say(paste0(id, ".observed"), call, if (is.matrix(f$obs)) rowSums(f$obs) else f$obs); say(paste0(id, ".expected"), call, if (is.matrix(f$exp)) rowSums(f$exp) else f$exp)
  say(paste0(id, ".chi_square"), call, f$chisq); if (is.matrix(f$var)) say(paste0(id, ".variance"), call, as.vector(f$var))
}
test("logrank.lung_sex", "survdiff(Surv(time, status) ~ sex, d)", lung2)
test("logrank.veteran_cell", "survdiff(Surv(time, status) ~ cell, d)", vet)
test("logrank.veteran_cell_rho1", "survdiff(Surv(time, status) ~ cell, d, rho = 1)", vet)
test("logrank.veteran_trt_in_cell", "survdiff(Surv(time, status) ~ trt + strata(cell), d)", vet)
test("logrank.aml", "survdiff(Surv(time, status) ~ x, d)", aml2)
test("logrank.aml_rho_half", "survdiff(Surv(time, status) ~ x, d, rho = 0.5)", aml2)
ova$expected <- exp(-0.001 * ova$time)
call <- "survdiff(Surv(time, status) ~ offset(exp(-0.001 * time)), ovarian)"
one <- survdiff(Surv(time, status) ~ offset(expected), ova)
say("one_sample.ovarian.observed", call, one$obs); say("one_sample.ovarian.expected", call, one$exp); say("one_sample.ovarian.chi_square", call, one$chisq)
tight <- coxph.control(eps = 1e-15, toler.chol = 1e-16, iter.max = 100)
model <- function(id, call, d) {
  f <- eval(parse(text = call), list(d = d, tight = tight))
  say(paste0(id, ".coefficients"), call, coef(f)); say(paste0(id, ".covariance"), call, as.vector(vcov(f)))
  say(paste0(id, ".log_likelihood"), call, f$loglik); say(paste0(id, ".score"), call, f$score); say(paste0(id, ".wald"), call, f$wald.test)
  for (g in c("km", "identity", "log", "rank")) {
    z <- cox.zph(f, transform = g, terms = FALSE)$table
    say(paste0(id, ".zph_", g), paste0("cox.zph(", call, "; transform = '", g, "')"), z[, "chisq"])
  }
}
model("cox.lung", "coxph(Surv(time, status) ~ age + sex + ph, d, control = tight)", lung2)
model("cox.lung_breslow", "coxph(Surv(time, status) ~ age + sex + ph, d, ties = 'breslow', control = tight)", lung2)
model("cox.veteran", "coxph(Surv(time, status) ~ trt + karno + age, d, control = tight)", vet)
model("cox.veteran_strata", "coxph(Surv(time, status) ~ trt + karno + age + strata(cell), d, control = tight)", vet)
model("cox.veteran_strata_breslow", "coxph(Surv(time, status) ~ trt + karno + strata(cell), d, ties = 'breslow', control = tight)", vet)
model("cox.ovarian", "coxph(Surv(time, status) ~ rx + age, d, control = tight)", ova)
model("cox.heart", "coxph(Surv(entry, time, status) ~ transplant, d, control = tight)", heart2)
model("cox.heart_three", "coxph(Surv(entry, time, status) ~ transplant + age + surgery, d, control = tight)", heart2)
call <- "coxph(Surv(entry, time, status) ~ transplant, d, ties = 'exact')$score"
say("mantel_byar.heart.chi_square", call, coxph(Surv(entry, time, status) ~ transplant, heart2, ties = "exact")$score)
# Stanford heart: naive, landmark at 30 days, as people compare "transplanted" with "not transplanted".
j <- survival::jasa
jasa2 <- data.frame(time = j$futime, status = j$fustat, wait = ifelse(j$transplant == 1, j$wait.time, NA), transplant = j$transplant)
write_to(jasa2, "data/jasa.csv")
say("jasa.naive", "coxph(Surv(futime, fustat) ~ transplant, jasa)", coef(coxph(Surv(time, status) ~ transplant, jasa2, control = tight)))
l <- subset(jasa2, time > 30); l$by <- as.integer(!is.na(l$wait) & l$wait <= 30)
say("jasa.landmark_30", "coxph(Surv(time - 30, status) ~ by, subset(jasa, time > 30))", coef(coxph(Surv(time - 30, status) ~ by, l, control = tight)), nrow(l), sum(l$by))
alive <- subset(transform(jasa2, id = seq_along(time)), time > 0)
cut <- tmerge(alive, alive, id = id, death = event(time, status), by = tdc(wait), options = list(tdcstart = 0))
cut <- subset(cut, tstop > tstart)
say("jasa.dependent", "coxph(Surv(tstart, tstop, death) ~ by, tmerge(jasa, jasa, id, death = event(futime, fustat), by = tdc(wait.time)))", coef(coxph(Surv(tstart, tstop, death) ~ by, cut, control = tight)))
write_to(rows, "expected/tests.csv")

# Competing risks.
set.seed(20)
m <- survival::mgus2[1:160, ]
mgus <- with(m, data.frame(time = ifelse(pstat == 0, futime, ptime), cause = ifelse(pstat == 1, 1, ifelse(death == 1, 2, 0)), group = as.character(sex), three = as.character(cut(age, c(0, 65, 75, 200), c("young", "middle", "old")))))
few <- data.frame(time = c(1, 2, 2, 2, 3, 4, 4, 5, 6, 6, 7, 8, 8, 9, 10, 12), cause = c(1, 1, 2, 0, 2, 1, 2, 0, 1, 1, 2, 0, 1, 2, 2, 1), group = rep(c("a", "b"), 8), three = rep(c("x", "y", "z", "z"), 4))
some <- data.frame(time = round(rexp(60, .02)) + 1, cause = sample(0:3, 60, TRUE, c(.3, .35, .25, .1)), group = sample(c("a", "b"), 60, TRUE), three = sample(c("x", "y", "z"), 60, TRUE))
split <- data.frame(time = c(rexp(25, .05), rexp(25, .02)), cause = sample(0:2, 50, TRUE), group = rep(c("a", "b"), each = 25), three = sample(c("x", "y", "z"), 50, TRUE))
incidence <- grays <- NULL
for (name in c("mgus", "few", "some", "split")) {
  d <- get(name); write_to(d, file.path("data", paste0(name, ".csv")))
  f <- survfit(Surv(time, factor(cause)) ~ 1, d, conf.type = "log-log")
  times <- f$time
  c1 <- cuminc(d$time, d$cause)
  for (k in sort(setdiff(unique(d$cause), 0))) {
    at <- timepoints(c1, times)
    place <- which(rownames(at$est) == paste("1", k))
    col <- which(f$states == as.character(k))
    incidence <- rbind(incidence, data.frame(data = name, cause = k, time = times, incidence = f$pstate[, col], greenwood = f$std.err[, col], lower = f$lower[, col], upper = f$upper[, col], cmprsk = at$est[place, ], aalen = sqrt(at$var[place, ])))
  }
  for (g in c("group", "three")) for (rho in c(0, 1)) {
    t <- cuminc(d$time, d$cause, d[[g]], rho = rho)$Tests
    grays <- rbind(grays, data.frame(data = name, group = g, strata = "", rho = rho, cause = rownames(t), chi_square = t[, "stat"], p_value = t[, "pv"], df = t[, "df"]))
  }
  t <- cuminc(d$time, d$cause, d$group, strata = d$three)$Tests
  grays <- rbind(grays, data.frame(data = name, group = "group", strata = "three", rho = 0, cause = rownames(t), chi_square = t[, "stat"], p_value = t[, "pv"], df = t[, "df"]))
}
write_to(incidence, "expected/incidence.csv"); write_to(grays, "expected/gray.csv")

# Intervals of proportions and rates, from the quantile functions alone.
counts <- NULL
for (n in c(1, 2, 10, 40, 137)) for (x in unique(c(0, 1, 2, round(.3 * n), round(.5 * n), n - 1, n))) if (x <= n) for (level in c(.8, .9, .95, .99)) {
  a <- 1 - level; cp <- binom.test(x, n, conf.level = level)$conf.int; w <- prop.test(x, n, conf.level = level, correct = FALSE)$conf.int
  jl <- qbeta(a / 2, x + .5, n - x + .5); ju <- qbeta(1 - a / 2, x + .5, n - x + .5)
  mid <- function(p, above) if (above) pbinom(x, n, p) - dbinom(x, n, p) / 2 - a / 2 else 1 - pbinom(x, n, p) + dbinom(x, n, p) / 2 - a / 2
  ml <- if (x == 0) 0 else uniroot(mid, c(0, 1), above = FALSE, tol = 1e-15, maxiter = 10000)$root
  mu <- if (x == n) 1 else uniroot(mid, c(0, 1), above = TRUE, tol = 1e-15, maxiter = 10000)$root
  g <- poisson.test(x, n, conf.level = level)$conf.int
  counts <- rbind(counts, data.frame(x = x, n = n, level = level, clopper_pearson_lower = cp[1], clopper_pearson_upper = cp[2], wilson_lower = w[1], wilson_upper = w[2], jeffreys_equal_tailed_lower = jl, jeffreys_equal_tailed_upper = ju, mid_p_lower = ml, mid_p_upper = mu, garwood_lower = g[1], garwood_upper = g[2], p_greater_.2 = binom.test(x, n, .2, alternative = "greater")$p.value))
}
write_to(counts, "expected/intervals.csv")
cat(R.version.string, "survival", as.character(packageVersion("survival")), "cmprsk", as.character(packageVersion("cmprsk")), "\n")
