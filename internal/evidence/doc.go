// Package evidence is the evidence pack: a ZIP file that tells the life of some
// certificates and proves it to whoever has neither our server nor our
// database. It owns the format (docs/evidence-pack.md), the writer that streams
// a pack, and the verifier that checks one offline.
//
// It asks no database and reads no clock: what stands in a pack comes from the
// caller. The verifier trusts nothing in a pack but what the journal's key has
// signed, and nothing at all beyond "consistent with itself" without a key that
// was kept outside.
//
// # What vouches for what
//
//	manifest.sig    the journal's key, over the manifest
//	manifest.json   for every other file its size and SHA-256
//	journal/…       the journal's key, over the checkpoint; each entry by its
//	                inclusion proof (RFC 6962 §2.1.1), older checkpoints by
//	                their consistency proofs (§2.1.2)
//	certificates    the CA's chain
//	signatures      CMS by certificates of that chain
//	OCSP, CRL       the CA's key, or its delegate's
//	scans           SHA-256 in the journal entry of the upload
//
// What pack.json says of a certificate (its changes of status, its reports,
// decisions, scans) must each have its entry in the journal: an entry that was
// dropped from the database leaves such a fact without one.
package evidence
