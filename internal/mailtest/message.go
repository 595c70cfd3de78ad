package mailtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/emersion/go-message/mail"
)

// Message is one message as it came over the wire.
type Message struct {
	From string   // envelope
	To   []string // envelope
	At   time.Time
	Raw  []byte // RFC 5322, CRLF line ends
}

// Attachment is a file in a message.
type Attachment struct {
	Name, Type string
	Content    []byte
}

// Content is a message taken apart.
type Content struct {
	Subject     string
	Text        string // the text/plain part
	HTML        string
	Attachments []Attachment
}

// Content decodes the message's MIME; it errs on what a mail client could not
// read.
func (m Message) Content() (Content, error) {
	r, err := mail.CreateReader(bytes.NewReader(m.Raw))
	if err != nil {
		return Content{}, fmt.Errorf("reading a message: %w", err)
	}
	var c Content
	if c.Subject, err = r.Header.Subject(); err != nil {
		return Content{}, fmt.Errorf("reading the subject: %w", err)
	}
	for {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return c, nil
		}
		if err != nil {
			return Content{}, fmt.Errorf("reading a message's part: %w", err)
		}
		body, err := io.ReadAll(part.Body)
		if err != nil {
			return Content{}, fmt.Errorf("reading a message's part: %w", err)
		}
		switch h := part.Header.(type) {
		case *mail.InlineHeader:
			if kind, _, _ := h.ContentType(); kind == "text/html" {
				c.HTML += string(body)
			} else {
				c.Text += string(body)
			}
		case *mail.AttachmentHeader:
			name, _ := h.Filename()
			kind, _, _ := h.ContentType()
			c.Attachments = append(c.Attachments, Attachment{Name: name, Type: kind, Content: body})
		}
	}
}
