# WRTDS by EGRET's own functions: the peer of `benchmarks/loads.py` where R finds the package EGRET (also by R_LIBS).
# Arguments: daily and sample tables as EGRET has them (CSV), where its surfaces and daily values go, half-width in
# years. The windows do not widen at the ends. Tells seconds of the processor: surfaces, daily values, cross-validation.
told <- commandArgs(trailingOnly = TRUE)
suppressPackageStartupMessages(library(EGRET))
daily <- read.csv(told[1])
samples <- read.csv(told[2])
years <- as.numeric(told[5])
river <- structure(list(INFO = data.frame(paramShortName = ""), Daily = daily, Sample = samples), class = "egret")

spent <- function(work) {
  start <- sum(proc.time()[1:2])
  force(work)
  sum(proc.time()[1:2]) - start
}

river <- setUpEstimation(river, windowY = years, edgeAdjust = FALSE, verbose = FALSE)
surfaces <- spent(river$surfaces <- estSurfaces(river, windowY = years, edgeAdjust = FALSE, verbose = FALSE))
days <- spent(river$Daily <- estDailyFromSurfaces(river))
first <- daily$DecYear[1]
last <- daily$DecYear[nrow(daily)]
crossed <- spent(estCrossVal(first, last, river$Sample, windowY = years, edgeAdjust = FALSE, verbose = FALSE))
points <- data.frame(expected = c(river$surfaces[, , 1]), error = c(river$surfaces[, , 2]))
write.csv(points, told[3], row.names = FALSE)
write.csv(river$Daily[, c("yHat", "SE", "ConcDay", "FluxDay", "FNConc", "FNFlux")], told[4], row.names = FALSE)
cat(as.character(packageVersion("EGRET")), surfaces, days, crossed, "\n")
