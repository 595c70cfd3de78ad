// Package e2e tries the whole program: the built binary as a process of its
// own, Chromium in front of it, OpenSSL and PostgreSQL beside it. Its tests are
// behind the build tag e2e, since a browser takes its time: `make e2e`.
//
// A test starts a server (startDemo, startServe), opens pages on it (open) and
// acts as a person would. A message on the browser's console, a violation of the
// content security policy or an answer of 500 fails the test that caused it,
// unless the test has said that it expects it.
package e2e
