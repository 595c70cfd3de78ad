package main

import (
	"os"
	"os/exec"

	"github.com/tamga-ca/tamga/internal/commandline"
	"github.com/tamga-ca/tamga/internal/token/agent"
	"github.com/tamga-ca/tamga/internal/token/pkcs11"
)

// Library says which PKCS #11 library the tokens are worked through.
type Library struct {
	Module string `env:"TAMGA_TOKEN_MODULE" placeholder:"FILE" help:"PKCS #11 library of the tokens. Empty: the Rutoken's, where its maker puts it."`
}

func (l Library) path() string {
	if l.Module != "" {
		return l.Module
	}
	places := pkcs11.Libraries()
	for _, p := range places {
		if _, err := os.Stat(p); err == nil {
			return p
		}
	}
	return places[0]
}

// open makes ready a process of this program that works the library.
func (l Library) open(c *Console) (*agent.Library, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	path := l.path()
	return agent.NewLibrary(path, func() *exec.Cmd {
		cmd := exec.Command(self, "worker", path)
		cmd.Stderr = c.Err
		return cmd
	}), nil
}

// Worker is the process that works the library; see package agent.
type Worker struct {
	Library string `arg:"" help:"PKCS #11 library."`
}

// Run works until the input ends.
func (w *Worker) Run(c *Console) error {
	if err := agent.Work(w.Library, c.In, c.Out); err != nil {
		return commandline.Status(1) // it has told its server
	}
	return nil
}
