//go:build !unix

package agent

import "os"

func checkOwner(*os.File, bool) error { return nil }
