package web

import (
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"golang.org/x/text/language"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/web/problem"
)

//go:embed source.html
var sourceHTML string

var sourcePage = template.Must(template.New("source").Parse(sourceHTML))

// words are what the page says beside the passage.
type words struct {
	Lang, Heading, Open, Missing, MissingHint, Trouble, TroubleHint string
}

func wordsFor(r *http.Request) words {
	// the first is what others get
	matcher := language.NewMatcher([]language.Tag{language.English, language.Chinese})
	tag, _ := language.MatchStrings(matcher, r.Header.Get("Accept-Language"))
	if base, _ := tag.Base(); base.String() == "zh" {
		return words{"zh-CN", "答案引用的原文", "打开原文档", "找不到这段原文", "链接可能已失效，或者文档已经更新。请回到聊天中重新提问。", "暂时无法显示", "请稍后再试。"}
	}
	return words{"en", "The passage that the answer cites", "Open the document", "This passage is not here",
		"The link may be old, or the document has changed. Ask again in the chat.", "This cannot be shown right now", "Try again in a moment."}
}

type sourceView struct {
	words
	Nonce                          string
	Found                          bool
	Number                         int
	Title, Section, Location, Text string
	Link                           string
	Message, Hint, Request         string
}

// source shows one cited passage to whoever has the key of the answer. Passages
// that were found but not cited are not shown: the reader of the answer was never
// told of them.
func (s *Server) source(w http.ResponseWriter, r *http.Request) {
	view := sourceView{words: wordsFor(r), Nonce: nonce()}
	status := http.StatusOK
	switch err := s.findSource(r, &view); {
	case errors.Is(err, fault.NotFound):
		status = http.StatusNotFound
		view.Message, view.Hint = view.Missing, view.MissingHint
	case err != nil:
		p := problem.From(r.Context(), s.Log, err)
		status = p.Status
		view.Message, view.Hint, view.Request = view.Trouble, view.TroubleHint, p.RequestID
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'nonce-"+view.Nonce+"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "private, no-store")
	h.Set("X-Robots-Tag", "noindex")
	h.Set("Vary", "Accept-Language")
	w.WriteHeader(status)
	if err := sourcePage.Execute(w, view); err != nil {
		s.Log.DebugContext(r.Context(), "source page not written", "request", problem.Request(r.Context()), "err", err)
	}
}

func (s *Server) findSource(r *http.Request, view *sourceView) error {
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil {
		return fault.NotFound
	}
	receipt, err := s.API.Receipts.Receipt(r.Context(), r.PathValue("reply_key"))
	if err != nil {
		return err
	}
	if n < 1 || n > len(receipt.Passages) || !slices.Contains(receipt.Cited, n) {
		return fault.NotFound
	}
	p := receipt.Passages[n-1]
	view.Found, view.Number = true, n
	view.Title, view.Section, view.Location, view.Text = p.Document, p.Heading, p.Location, p.Text
	if u, err := url.Parse(p.URL); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		view.Link = p.URL
	}
	return nil
}
