package rig

import "time"

// Milliseconds are what reports have times in.
func Milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// Percentile is of times that are sorted.
func Percentile(sorted []time.Duration, p int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, len(sorted)*p/100)]
}
