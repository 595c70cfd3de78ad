// Package agent stands between a browser and the tokens of its machine: the HTTP
// protocol of docs/agent.md, its sessions and limits, and the process that the
// token library runs in.
//
// Two processes: the server listens on loopback and decides who may ask for
// what; the worker loads the PKCS #11 library and does one call after the other.
// The server ends a worker that does not answer in time, so that a library that
// hangs costs its sessions and nothing else.
//
// The server signs nothing but typed envelopes of package token, with the origin
// of the page that asks, and keeps no PIN-code. It must not talk to any other
// machine, and nothing of Tamga's server may import it.
package agent
