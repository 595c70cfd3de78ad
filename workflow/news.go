package workflow

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// NewsText is an announcement in the three languages: plain text, an empty
// line between paragraphs.
type NewsText struct {
	Title registry.Text
	Body  registry.Text
}

const (
	maxNewsTitle = 200    // characters
	maxNewsBody  = 20_000 // characters
)

// PublishNews shows an announcement to the holders from now on, by an
// administrator.
func (f *Flow) PublishNews(ctx context.Context, who Actor, n NewsText) (id int64, err error) {
	err = f.changeNews(ctx, who, n, func(tx *store.Tx, n NewsText) error {
		if id, err = tx.AddNews(store.News{Title: n.Title, Body: n.Body, Author: who.Operator.ID, PublishedAt: f.now()}); err != nil {
			return err
		}
		return f.record(tx, who, "news.published", map[string]any{"title": n.Title.Ru}, nil, newsSubject(id))
	})
	if err != nil {
		return 0, fmt.Errorf("publishing news: %w", err)
	}
	return id, nil
}

// EditNews changes an announcement that is still at version, by an
// administrator.
func (f *Flow) EditNews(ctx context.Context, who Actor, id, version int64, n NewsText) error {
	err := f.changeNews(ctx, who, n, func(tx *store.Tx, n NewsText) error {
		if err := tx.EditNews(store.News{ID: id, Title: n.Title, Body: n.Body, Version: version}); err != nil {
			return err
		}
		return f.record(tx, who, "news.edited", map[string]any{"title": n.Title.Ru, "version": version + 1}, nil, newsSubject(id))
	})
	if err != nil {
		return fmt.Errorf("editing news %d: %w", id, err)
	}
	return nil
}

// RemoveNews takes an announcement that is still at version off the pages, by
// an administrator.
func (f *Flow) RemoveNews(ctx context.Context, who Actor, id, version int64) error {
	if err := who.is(registry.Administrator); err != nil {
		return err
	}
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		if err := tx.RemoveNews(id, version, f.now()); err != nil {
			return err
		}
		return f.record(tx, who, "news.removed", nil, nil, newsSubject(id))
	})
	if err != nil {
		return fmt.Errorf("removing news %d: %w", id, err)
	}
	return nil
}

func (f *Flow) changeNews(ctx context.Context, who Actor, n NewsText, do func(*store.Tx, NewsText) error) error {
	if err := who.is(registry.Administrator); err != nil {
		return err
	}
	n = n.tidy()
	if errs := n.check(); len(errs) > 0 {
		return errs
	}
	return f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		return do(tx, n)
	})
}

func newsSubject(id int64) journal.Subject {
	return journal.Subject{Kind: "news", ID: strconv.FormatInt(id, 10)}
}

func (n NewsText) tidy() NewsText {
	line := func(_ registry.Language, s string) string { return strings.Join(strings.Fields(s), " ") }
	text := func(_ registry.Language, s string) string {
		return strings.TrimSpace(strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n"))
	}
	return NewsText{Title: n.Title.Map(line), Body: n.Body.Map(text)}
}

// check names the fields title_ky … body_en that are empty or too long.
func (n NewsText) check() registry.Errors {
	var errs registry.Errors
	for _, l := range registry.Languages {
		for field, part := range map[string]struct {
			text string
			max  int
		}{"title_": {n.Title.In(l), maxNewsTitle}, "body_": {n.Body.In(l), maxNewsBody}} {
			switch {
			case part.text == "":
				errs = append(errs, registry.Refuse(registry.Invalid, "error.required").On(field+string(l)))
			case utf8.RuneCountInString(part.text) > part.max:
				errs = append(errs, registry.Refuse(registry.Invalid, "error.news.long", "max", part.max).On(field+string(l)))
			}
		}
	}
	return errs
}
