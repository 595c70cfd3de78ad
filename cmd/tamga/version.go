package main

import (
	"fmt"
	"runtime"

	"github.com/tamga-ca/tamga/internal/commandline"
)

// Version prints which program this is.
type Version struct{}

// Run the command.
func (Version) Run(c *Console) error {
	_, err := fmt.Fprintf(c.Out, "tamga %s %s\n", commandline.Version(), runtime.Version())
	return err
}
