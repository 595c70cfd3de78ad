package authorities

import "io"

// Check reads cases in the shape of the domain's cases.json and answers each
// as `tamga rules check` prints it: one JSON array, indented, ending in a line
// feed. A case that cannot be read is an error that names the case and the
// field; nothing is answered then.
func Check(r io.Reader) ([]byte, error) {
	return check(r)
}
