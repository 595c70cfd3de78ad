package handlers

import "github.com/tamga-ca/tamga/internal/registry"

// Address is a row of the table of addresses as others may know it: tests that
// walk every page, and documents.
type Address struct {
	Method string
	Path   string // echo's pattern: /applications/:number
	// For is who may use it: "machine", "anybody", "logged in", "applicant",
	// "holder" or "operator"; Roles are the operators' roles.
	For   string
	Roles []registry.Role
}

var accessWords = map[accessKind]string{
	machine: "machine", public: "anybody", loggedIn: "logged in", applicant: "applicant", holder: "holder", operator: "operator",
}

// Addresses is the whole table of addresses.
func Addresses() []Address {
	rows := (&Server{}).table()
	out := make([]Address, len(rows))
	for i, r := range rows {
		out[i] = Address{Method: r.Method, Path: r.Path, For: accessWords[r.Access.kind], Roles: r.Access.roles}
	}
	return out
}
