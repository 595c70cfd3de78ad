package ca

import "math/big"

// guessable says whether an RSA modulus has the mark of CVE-2017-15361: chips
// of one maker, in smart cards and tokens, took their primes from so few that
// the public key gives them away. Modulo each small prime such a modulus is a
// power of 65537, which happens to another one in some 2^27.
func guessable(n *big.Int) bool {
	var rest, p big.Int
	for _, m := range markPrimes {
		if !m.powers[rest.Mod(n, p.SetInt64(m.prime)).Int64()] {
			return false
		}
	}
	return true
}

type markPrime struct {
	prime  int64
	powers map[int64]bool // of 65537, modulo prime
}

// markPrimes are the odd primes up to 167, the least that all sizes of those
// keys were made with.
var markPrimes = func() []markPrime {
	var out []markPrime
	for n := int64(3); n <= 167; n += 2 {
		if !big.NewInt(n).ProbablyPrime(0) {
			continue
		}
		m := markPrime{n, map[int64]bool{}}
		for x := int64(1); !m.powers[x]; x = x * 65537 % n {
			m.powers[x] = true
		}
		out = append(out, m)
	}
	return out
}()
