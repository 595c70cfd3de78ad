package agent

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/tamga-ca/tamga/internal/token"
)

// ReadOrigins reads the file of the origins that may use the agent: one a line,
// as browsers send them; "#" begins a comment. The file, and the directory it is
// in, must not be writable by others than their owner, and with administrator the
// owner must be root: whoever can write it decides which pages reach the tokens.
// Windows tells nothing that could be checked here.
func ReadOrigins(path string, administrator bool) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if err := checkOwner(f, administrator); err != nil {
		return nil, err
	}
	var origins []string
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if err := token.CheckOrigin(line); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path, n, err)
		}
		if strings.Contains(line, "*") {
			return nil, fmt.Errorf("%s, line %d: %q: origins are named one by one", path, n, line)
		}
		origins = append(origins, line)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	if len(origins) == 0 {
		return nil, fmt.Errorf("%s names no origin", path)
	}
	return origins, nil
}
