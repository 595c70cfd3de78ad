// Package pgtest gives tests a real PostgreSQL. It owns a throw-away cluster
// and the databases in it, and knows nothing of what is stored in them: it must
// not import the packages whose tests use it.
//
// The cluster is the one TAMGA_TEST_PG names, which pgrun starts once for a
// whole run of `make`, or else one of this process, started at first use. It
// ends with the process that started it, killed or not. It listens on loopback
// alone, trusts whoever connects, and syncs nothing to disk unless it is
// [StartDurable]'s.
//
// Three roles exist besides the superuser "postgres": [OwnerRole], which owns
// each database and runs migrations, [AppRole], which `tamga serve` uses, and
// [ReadOnlyRole], for auditors' queries. The last two may connect; what they
// may touch is for migrations to grant.
package pgtest
