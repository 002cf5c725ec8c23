package library

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/web/endpoint"
	"github.com/parley-im/parley/internal/web/problem"
	"github.com/parley-im/parley/knowledge"
)

// Files takes and gives the files themselves. knowledge.Base is one.
type Files interface {
	// Add reads u.Body to its end and stores it, or stores nothing. It reports
	// false when the same bytes are there and ready already.
	Add(ctx context.Context, u knowledge.Upload) (d knowledge.Document, changed bool, err error)
	// File opens the live version, or the only one there is, as it was uploaded.
	File(ctx context.Context, id string) (io.ReadCloser, knowledge.Document, error)
}

// maxFields bounds the parts of an upload that are not the file.
const maxFields = 64 << 10

type uploadInput struct {
	ID string `path:"id" maxLength:"64"`
}

type uploadOutput struct {
	Status int
	Body   knowledge.Document
}

// UploadDocument reads the form as it comes in: the fields first, then the file,
// which is handed on while it arrives. Fields after the file are refused, as the
// file would have to be kept in memory to wait for them.
func (l *Library) UploadDocument(ctx context.Context, in *uploadInput) (*uploadOutput, error) {
	if _, err := l.collection(ctx, in.ID); err != nil { // before the file is read
		return nil, err
	}
	e := endpoint.Of(ctx)
	e.Request.Body = http.MaxBytesReader(e.Response, &patient{e.Request.Body, http.NewResponseController(e.Response)}, l.MaxUpload+4*maxFields)
	form, err := e.Request.MultipartReader()
	if err != nil {
		return nil, fault.Say(fault.Invalid, problem.Malformed, "A file is sent as multipart/form-data, in a part named file.").Because(err)
	}
	u := knowledge.Upload{Collection: in.ID, AddedBy: auth.Of(ctx).User.Username}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, missingFile()
		}
		if err != nil {
			return nil, cut(err)
		}
		if part.FormName() == "file" {
			return l.add(ctx, u, form, part)
		}
		if err := field(&u, part); err != nil {
			return nil, err
		}
	}
}

// patient reads as long as something comes: a large file may take its time, a
// caller that falls silent may not.
type patient struct {
	io.ReadCloser
	control *http.ResponseController
}

const silence = time.Minute

func (p *patient) Read(b []byte) (int, error) {
	if err := p.control.SetReadDeadline(time.Now().Add(silence)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return p.ReadCloser.Read(b)
}

func field(u *knowledge.Upload, part *multipart.Part) error {
	text, err := io.ReadAll(io.LimitReader(part, maxFields))
	if err != nil {
		return cut(err)
	}
	if !utf8.Valid(text) || strings.ContainsRune(string(text), 0) {
		return endpoint.At("body."+part.FormName(), "is not text")
	}
	switch part.FormName() {
	case "labels":
		for l := range strings.SplitSeq(string(text), ",") {
			if l = strings.TrimSpace(l); l != "" {
				u.Labels = append(u.Labels, l)
			}
		}
	case "url":
		u.URL = strings.TrimSpace(string(text))
		return checkLink("body.url", u.URL)
	default:
		return endpoint.At("body."+part.FormName(), "is not a field of an upload: file, labels and url are, the file last")
	}
	return nil
}

func (l *Library) add(ctx context.Context, u knowledge.Upload, form *multipart.Reader, part *multipart.Part) (*uploadOutput, error) {
	u.Name = part.FileName()
	if u.Name == "" {
		return nil, missingFile()
	}
	if !utf8.ValidString(u.Name) || strings.ContainsRune(u.Name, 0) {
		return nil, endpoint.At("body.file", "has a name that is not text")
	}
	file := &counted{from: part, left: l.MaxUpload, form: form}
	u.Body = file
	d, changed, err := l.Files.Add(ctx, u)
	if file.err != nil { // what went wrong with the body says more than what Add made of it
		err = file.err
	}
	if err != nil {
		return nil, err
	}
	endpoint.Target(ctx, d.ID)
	status := http.StatusCreated
	if !changed {
		status = http.StatusOK
	}
	return &uploadOutput{Status: status, Body: shown(d)}, nil
}

// counted is the file's part of the form. Its end is an end only if the form
// ends there too: a connection that broke, a file that is too large or a second
// file make it an error, so that Add stores nothing.
type counted struct {
	from io.Reader
	left int64
	size int64
	form *multipart.Reader
	err  error
}

func (c *counted) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.from.Read(p)
	c.left -= int64(n)
	c.size += int64(n)
	switch {
	case c.left < 0:
		c.err = fault.Say(fault.Invalid, problem.TooLarge, "The file is too large: at most %s are accepted.", megabytes(c.size+c.left))
	case err != nil && !errors.Is(err, io.EOF):
		c.err = cut(err)
	case err != nil:
		if _, next := c.form.NextPart(); !errors.Is(next, io.EOF) {
			c.err = endpoint.At("body", "goes on after the file: send one file, and the other fields before it")
			if next != nil {
				c.err = cut(next)
			}
		}
	}
	if c.err != nil {
		return 0, c.err
	}
	return n, err
}

func megabytes(n int64) string {
	if n%(1<<20) == 0 {
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}

func cut(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	return fault.Say(fault.Invalid, problem.Malformed, "The upload broke off or is not a form. Send it again.").Because(err)
}

func missingFile() error {
	return &problem.Refused{
		Err:    fault.Say(fault.Invalid, "file_missing", "There is no file in the upload. It belongs in a part named file."),
		Fields: []problem.Field{{Location: "body.file", Message: "is missing"}},
	}
}

// checkLink lets only addresses through that are safe to put behind a link.
func checkLink(location, link string) error {
	if link == "" {
		return nil
	}
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return endpoint.At(location, "must be a whole http or https address")
	}
	return nil
}

type fileOutput struct {
	Body func(huma.Context)
}

// DownloadDocument sends a file in a way that no browser shows or runs it.
func (l *Library) DownloadDocument(ctx context.Context, in *endpoint.ID) (*fileOutput, error) {
	file, d, err := l.Files.File(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &fileOutput{func(h huma.Context) {
		defer file.Close()
		h.SetHeader("Content-Type", "application/octet-stream")
		h.SetHeader("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": d.Name}))
		h.SetHeader("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
		h.SetHeader("Cache-Control", "private, no-store")
		h.SetStatus(http.StatusOK)
		if _, err := io.Copy(h.BodyWriter(), file); err != nil {
			l.Log.WarnContext(h.Context(), "download broke off", "document", d.ID, "request", problem.Request(ctx), "err", err)
		}
	}}, nil
}
