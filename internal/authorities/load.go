package authorities

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	_ "time/tzdata" // a server without zoneinfo must still know Bishkek
)

//go:embed packs
var embedded embed.FS

// Names of the packs that ship with the program.
var Names = [...]string{"dostek", "ubr"}

// Load reads a pack that ships with the program.
func Load(name string) (*Pack, error) {
	data, err := embedded.ReadFile("packs/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("there is no rule pack %q: one of %s, or a file", name, strings.Join(Names[:], ", "))
	}
	return Parse(name+".yaml", data)
}

// maxSize of a pack's source; the shipped ones are a tenth of it.
const maxSize = 1 << 20

// LoadFile reads a pack from a file.
func LoadFile(path string) (*Pack, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading the rule pack: %w", err)
	}
	if info.Size() > maxSize {
		return nil, errors.New("reading the rule pack: " + path + " is larger than 1 MiB")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the rule pack: %w", err)
	}
	return Parse(filepath.Base(path), data)
}
