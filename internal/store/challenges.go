package store

import "time"

// Challenge is the row of a question that a signature answers; package token
// makes and judges it.
type Challenge struct {
	Hash      []byte // SHA-256 of the challenge's bytes
	Session   []byte // hash of the browser session it is bound to
	Type      string
	Expected  []byte // the exact bytes to be signed
	CreatedAt time.Time
	ExpiresAt time.Time
}

type challengeRow struct {
	Hash        []byte
	SessionHash []byte
	Typ         string
	Expected    []byte
	CreatedAt   time.Time
	ExpiresAt   time.Time
}

// AddChallenge stores a question.
func (tx *Tx) AddChallenge(c Challenge) error {
	_, err := tx.exec(`INSERT INTO challenges (typ, hash, session_hash, expected, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
		c.Type, c.Hash, c.Session, c.Expected, c.CreatedAt, c.ExpiresAt)
	return err
}

// TakeChallenge removes a question of a browser session and returns it, or
// NotFound. Commit before judging the answer: a failed try costs a challenge.
func (tx *Tx) TakeChallenge(hash, session []byte) (*Challenge, error) {
	var r challengeRow
	if err := tx.one(&r, `DELETE FROM challenges WHERE hash = ? AND session_hash = ?
		RETURNING hash, session_hash, typ, expected, created_at, expires_at`, hash, session); err != nil {
		return nil, err
	}
	return &Challenge{r.Hash, r.SessionHash, r.Typ, r.Expected, r.CreatedAt.UTC(), r.ExpiresAt.UTC()}, nil
}

// SweepChallenges drops questions that nobody answered in time.
func (tx *Tx) SweepChallenges(now time.Time) error {
	_, err := tx.exec(`DELETE FROM challenges WHERE expires_at < ?`, now)
	return err
}
