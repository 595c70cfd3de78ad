// Package demo fills an installation with believable data: people with keys,
// two dozen applications in every state, certificates of every status. All of
// it goes through the real transitions, the real CA and real mail, at instants
// of the past; nothing is written past the workflow. Names and numbers are
// fictional: organisations registered on Sundays, landline subscribers that
// begin with 0, mail under .example.
//
// It must never be reached by serve.
package demo
