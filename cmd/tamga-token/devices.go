package main

// Devices lists the tokens that are plugged in.
type Devices struct {
	Library
}

// Run lists them.
func (d *Devices) Run(c *Console) error { return nil }
