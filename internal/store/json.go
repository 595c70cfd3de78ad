package store

import (
	"encoding/json"
	"fmt"
	"time"
)

// encode is the text of a JSON column.
func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encoding %T: %w", v, err)
	}
	return string(b), nil
}

// decode reads a JSON column.
func decode(text string, v any) error {
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return fmt.Errorf("decoding %T: %w", v, err)
	}
	return nil
}

// utc brings an instant of the database, which may come back in the local
// zone, to UTC; nil stays nil.
func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// nullable is NULL for a zero id.
func nullable[T ~int64](id T) *int64 {
	if id == 0 {
		return nil
	}
	v := int64(id)
	return &v
}

// orZero is the zero id for NULL.
func orZero[T ~int64](p *int64) T {
	if p == nil {
		return 0
	}
	return T(*p)
}
