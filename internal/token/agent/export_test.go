package agent

// Scale multiplies the limits of calls.
func (l *Library) Scale(by float64) { l.scale = by }
