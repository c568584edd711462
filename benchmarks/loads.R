# The regressions of WRTDS one point after another, by survreg of the package survival, as EGRET makes them: the peer
# of `benchmarks/loads.py`. Written from the method's description. Arguments: samples, points, answers (CSV files), and
# the half-width in years; the windows do not widen at the ends.
suppressPackageStartupMessages(library(survival))
told <- commandArgs(trailingOnly = TRUE)
samples <- read.csv(told[1])
points <- read.csv(told[2])
years <- as.numeric(told[4])
samples$sine <- sin(2 * pi * samples$year)
samples$cosine <- cos(2 * pi * samples$year)

tricube <- function(distance, width) ifelse(abs(distance) < width, (1 - (abs(distance) / width)^3)^3, 0)

fit <- function(year, flow) {
  width <- c(years, 2, 0.5)
  repeat {
    near <- samples[abs(samples$year - year) <= width[1], ]
    apart <- abs(near$year - year)
    season <- pmin(ceiling(apart) - apart, apart - floor(apart))
    near$weight <- tricube(apart, width[1]) * tricube(near$flow - flow, width[2]) * tricube(season, width[3])
    near <- near[near$weight > 0, ]
    if (nrow(near) >= 100 && sum(near$known) >= 50) break
    width <- width * 1.1
    width[3] <- min(width[3], 0.5)
  }
  near$weight <- near$weight / mean(near$weight)
  model <- survreg(Surv(low, high, type = "interval2") ~ year + flow + sine + cosine,
                   data = near, weights = weight, dist = "gaussian")
  at <- data.frame(year = year, flow = flow, sine = sin(2 * pi * year), cosine = cos(2 * pi * year))
  c(predict(model, at), model$scale)
}

start <- sum(proc.time()[1:2])
answers <- t(mapply(fit, points$year, points$flow))
seconds <- sum(proc.time()[1:2]) - start
colnames(answers) <- c("expected", "error")
write.csv(answers, told[3], row.names = FALSE)
cat(seconds, "\n")
