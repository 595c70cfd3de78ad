package registry

// Tyiyn is an amount of money in hundredths of a som (ISO 4217 KGS).
type Tyiyn int64
