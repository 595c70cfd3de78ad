package ca

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"math/big"

	"github.com/tamga-ca/tamga/internal/registry"
)

// MaxCSR is the size in bytes above which a request is not even parsed. An
// RSA-4096 request has about 1,100.
const MaxCSR = 8 << 10

// Request is a certificate request that passed CheckCSR.
type Request struct {
	DER       []byte
	PublicKey any // *rsa.PublicKey or *ecdsa.PublicKey
	// Hash is SHA-256 of DER, in lower-case hexadecimal; an Intent carries it.
	Hash string
	// CommonName is what the request would like to be called; nobody is. step-ca
	// wants to hear it again, and refuses the request otherwise.
	CommonName string
	// KeyHash is SHA-256 of the SubjectPublicKeyInfo, in lower-case
	// hexadecimal: UNIQUE in a database, it finds a key that was used before.
	KeyHash string
}

// KeyCheck is a further rule about a subscriber's key, e.g. "not on the list of
// weak keys", "not used before". It returns a registry.Error to refuse it.
type KeyCheck func(r *Request) error

// CheckCSR parses a PKCS#10 request (DER). It must be signed by the key it is
// for (proof of possession), with SHA-256 or better; have an empty subject and
// ask for no extension, since the profile decides those; and the key must be
// RSA of 2048 to 4096 bits or ECDSA on P-256. Refusals are registry.Errors.
func CheckCSR(der []byte, checks ...KeyCheck) (*Request, error) {
	csr, err := readCSR(der)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(csr.RawSubject, []byte{0x30, 0x00}) || len(csr.Extensions) > 0 {
		return nil, registry.Refuse(registry.Invalid, "error.ca.csr_content")
	}
	return newRequest(csr, checks)
}

// CheckTokenCSR is CheckCSR for a request that a token's own software made.
// Some of it insists on a name and on extensions: they are allowed and come to
// nothing, since the profile decides both. An alternative name is refused, as
// it is by step-ca.
func CheckTokenCSR(der []byte, checks ...KeyCheck) (*Request, error) {
	csr, err := readCSR(der)
	if err != nil {
		return nil, err
	}
	if len(csr.DNSNames)+len(csr.EmailAddresses)+len(csr.IPAddresses)+len(csr.URIs) > 0 || len(csr.Subject.CommonName) > 64 {
		return nil, registry.Refuse(registry.Invalid, "error.ca.csr_content")
	}
	return newRequest(csr, checks)
}

// AcceptedCSR reads a request that CheckCSR or CheckTokenCSR accepted before it
// was stored. What they judged is not judged again; step-ca verifies by itself
// that the request is signed by its key.
func AcceptedCSR(der []byte) (*Request, error) {
	if len(der) == 0 || len(der) > MaxCSR {
		return nil, registry.Refuse(registry.Invalid, "error.ca.csr_malformed")
	}
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return nil, registry.Refuse(registry.Invalid, "error.ca.csr_malformed")
	}
	return newRequest(csr, nil)
}

func readCSR(der []byte) (*x509.CertificateRequest, error) {
	if len(der) == 0 || len(der) > MaxCSR {
		return nil, registry.Refuse(registry.Invalid, "error.ca.csr_malformed")
	}
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return nil, registry.Refuse(registry.Invalid, "error.ca.csr_malformed")
	}
	switch csr.SignatureAlgorithm {
	case x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA,
		x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA512WithRSAPSS,
		x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512:
	default:
		return nil, registry.Refuse(registry.Invalid, "error.ca.csr_algorithm")
	}
	if err := checkKey(csr.PublicKey); err != nil {
		return nil, err
	}
	if err := csr.CheckSignature(); err != nil {
		return nil, registry.Refuse(registry.Invalid, "error.ca.csr_possession")
	}
	return csr, nil
}

func newRequest(csr *x509.CertificateRequest, checks []KeyCheck) (*Request, error) {
	r := &Request{
		DER: bytes.Clone(csr.Raw), PublicKey: csr.PublicKey, CommonName: csr.Subject.CommonName,
		Hash: hash(csr.Raw), KeyHash: hash(csr.RawSubjectPublicKeyInfo),
	}
	for _, check := range checks {
		if err := check(r); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func checkKey(key any) error {
	weak := func() error { return registry.Refuse(registry.Invalid, "error.ca.weak_key") }
	unknown := func() error { return registry.Refuse(registry.Invalid, "error.ca.key_algorithm") }
	switch k := key.(type) {
	case *rsa.PublicKey:
		if n := k.N.BitLen(); n < 2048 || n > 4096 || n%8 != 0 {
			return unknown()
		}
		// NIST SP 800-56B: odd, above 2^16; an exponent of more than 32 bits
		// only serves to make verifying slow.
		if k.E < 65537 || k.E%2 == 0 || k.E > 1<<31-1 {
			return weak()
		}
		if k.N.Bit(0) == 0 || new(big.Int).GCD(nil, nil, k.N, smallPrimes).Cmp(big.NewInt(1)) != 0 || guessable(k.N) {
			return weak()
		}
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return unknown()
		}
	default:
		return unknown()
	}
	return nil
}

// smallPrimes is the product of the primes below 752, as NIST SP 800-89 §5.3.3
// asks for: a modulus that shares a factor with it was not made of two primes.
var smallPrimes = func() *big.Int {
	product := big.NewInt(1)
	for n := int64(3); n < 752; n += 2 {
		if p := big.NewInt(n); p.ProbablyPrime(0) {
			product.Mul(product, p)
		}
	}
	return product
}()

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// errContradiction is a mistake of the caller's, not of a person's.
func errContradiction(what string) error {
	return fmt.Errorf("%w: %s", ErrRefused, what)
}
