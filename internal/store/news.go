package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// News is one announcement to the holders.
type News struct {
	ID          int64
	Title       registry.Text
	Body        registry.Text // plain text; an empty line ends a paragraph
	Author      registry.OperatorID
	PublishedAt time.Time
	RemovedAt   *time.Time
	Version     int64
}

type newsRow struct {
	ID          int64
	Title       string
	Body        string
	Author      int64
	PublishedAt time.Time
	RemovedAt   *time.Time
	Version     int64
}

const newsColumns = `SELECT id, title, body, author, published_at, removed_at, version FROM news`

func (r newsRow) news() (News, error) {
	n := News{
		ID: r.ID, Author: registry.OperatorID(r.Author), PublishedAt: r.PublishedAt.UTC(), RemovedAt: utc(r.RemovedAt), Version: r.Version,
	}
	if err := decode(r.Title, &n.Title); err != nil {
		return n, err
	}
	return n, decode(r.Body, &n.Body)
}

// News returns one that is not removed, or NotFound.
func (tx *Tx) News(id int64) (*News, error) {
	var r newsRow
	if err := tx.one(&r, newsColumns+` WHERE id = ? AND removed_at IS NULL`, id); err != nil {
		return nil, err
	}
	n, err := r.news()
	return &n, err
}

// LatestNews returns what is not removed, the newest first: those with an id
// less than before (0: from the newest), at most limit.
func (tx *Tx) LatestNews(before int64, limit int) ([]News, error) {
	if before <= 0 {
		before = 1<<63 - 1
	}
	var rows []newsRow
	if err := tx.query(&rows, newsColumns+` WHERE removed_at IS NULL AND id < ? ORDER BY id DESC LIMIT ?`, before, limit); err != nil {
		return nil, err
	}
	out := make([]News, len(rows))
	for i, r := range rows {
		n, err := r.news()
		if err != nil {
			return nil, err
		}
		out[i] = n
	}
	return out, nil
}

// AddNews publishes one.
func (tx *Tx) AddNews(n News) (int64, error) {
	title, body, err := newsTexts(n)
	if err != nil {
		return 0, err
	}
	return tx.insert(`INSERT INTO news (title, body, author, published_at) VALUES (?, ?, ?, ?)`, title, body, n.Author, n.PublishedAt)
}

// EditNews changes the texts, if the row is still at n.Version.
func (tx *Tx) EditNews(n News) error {
	title, body, err := newsTexts(n)
	if err != nil {
		return err
	}
	return changed(tx.exec(`UPDATE news SET title = ?, body = ?, version = version + 1 WHERE id = ? AND version = ? AND removed_at IS NULL`,
		title, body, n.ID, n.Version))
}

// RemoveNews takes one off the pages, if it is still at version; the row stays.
func (tx *Tx) RemoveNews(id, version int64, now time.Time) error {
	return changed(tx.exec(`UPDATE news SET removed_at = ?, version = version + 1 WHERE id = ? AND version = ? AND removed_at IS NULL`, now, id, version))
}

func newsTexts(n News) (title, body string, err error) {
	if title, err = encode(n.Title); err != nil {
		return "", "", err
	}
	body, err = encode(n.Body)
	return title, body, err
}
