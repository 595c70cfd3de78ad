package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Version prints which program this is.
type Version struct{}

// Run the command.
func (Version) Run(c *Console) error {
	_, err := fmt.Fprintf(c.Out, "tamga-token %s %s\n", version(), runtime.Version())
	return err
}

// version is the commit that the program was built from, "-dirty" if files were
// changed; "unknown" outside a checkout.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	revision, dirty := "unknown", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "-dirty"
		}
	}
	return revision + dirty
}
