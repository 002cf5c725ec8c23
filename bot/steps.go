package bot

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parley-im/parley/bot/language"
	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/prompts"
)

// sessionOf names whose turns belong together: a conversation, and in a group each
// person in it for themselves.
func sessionOf(m gateway.Message) string {
	parts := []string{m.Conversation.Channel, m.Conversation.Chat, m.Conversation.Thread}
	if !m.Direct {
		parts = append(parts, m.Sender.ID)
	}
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return strings.Join(parts, "/")
}

// rewriteLimit is how long a rewriting may hold up the answer.
const rewriteLimit = 10 * time.Second

// standalone returns the question as it is searched for: a follow-up with what it
// leaves out put in. Without history there is nothing to put in; without a model,
// or when it fails, the question stays as it was asked.
func (b *Bot) standalone(ctx context.Context, q asked, r *Receipt) string {
	if b.Model == nil || len(q.history) == 0 {
		return r.Question
	}
	defer func(began time.Time) { r.stage("rewrite", began) }(time.Now())
	text, err := b.rewrite(ctx, q, r)
	if err != nil {
		b.Log.WarnContext(ctx, "follow-up not rewritten", "channel", r.Channel, "err", err)
		return r.Question
	}
	return text
}

func (b *Bot) rewrite(ctx context.Context, q asked, r *Receipt) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, rewriteLimit)
	defer cancel()
	p, err := b.prompt(ctx, q, "rewrite", r.Language)
	if err != nil {
		return "", err
	}
	history := fitTurns(q.history, min(b.History, b.Window/4), b.Count)
	system, err := p.Render(prompts.Vars{Assistant: b.Name, Language: language.Name(r.Language, r.Question),
		Question: r.Question, History: transcript(history), Date: today()})
	if err != nil {
		return "", fmt.Errorf("render %s version %d: %w", p.Name, p.Version, err)
	}
	var out strings.Builder
	request := Request{System: system, Turns: []Turn{{User, r.Question}}, MaxTokens: 400, Language: r.Language}
	for chunk, err := range b.Model.Stream(ctx, request) {
		if err != nil {
			return "", err
		}
		out.WriteString(chunk.Text)
	}
	line, _, _ := strings.Cut(strings.TrimSpace(out.String()), "\n")
	line = strings.Trim(strings.TrimSpace(line), "\"“”「」`")
	if n := len([]rune(line)); n == 0 || n > 4*len([]rune(r.Question))+400 {
		return r.Question, nil // not a question any more
	}
	return line, nil
}

// retrieve fills in the passages and how sure it is that they bear on the question.
func (b *Bot) retrieve(ctx context.Context, q asked, r *Receipt) error {
	defer func(began time.Time) { r.stage("retrieve", began) }(time.Now())
	find := func(text string) ([]knowledge.Passage, float64, error) {
		found, err := b.Retriever.Retrieve(ctx, knowledge.Query{Text: text,
			Collections: q.scope.Collections, Labels: q.scope.Labels, Limit: b.Passages})
		if err != nil {
			return nil, 0, fmt.Errorf("retrieve: %w", err)
		}
		best := 0.0
		for _, p := range found {
			best = max(best, p.Relevance)
		}
		return distinct(found), best, nil
	}
	var err error
	if r.Passages, r.Confidence, err = find(r.Standalone); err != nil {
		return err
	}
	// Without a model a follow-up that points back is searched for together with what it points to.
	if before := lastQuestion(q.history); b.Model == nil && r.Confidence < b.KnownAt && before != "" && language.PointsBack(r.Question) {
		joined := before + "\n" + r.Question
		passages, confidence, err := find(joined)
		if err != nil {
			return err
		}
		if confidence >= b.KnownAt {
			r.Standalone, r.Passages, r.Confidence = joined, passages, confidence
		}
	}
	return nil
}

// request renders the active prompt and fits everything into the model's window. key
// names the request, see Answers.
func (b *Bot) request(ctx context.Context, q asked, r *Receipt) (request Request, key string, err error) {
	defer func(began time.Time) { r.stage("prompt", began) }(time.Now())
	p, err := b.prompt(ctx, q, "answer", r.Language)
	if err != nil {
		return Request{}, "", err
	}
	r.Prompt, r.PromptVersion = p.Name, p.Version
	room := b.Window - b.MaxAnswer - b.Count(p.Text) - b.Count(r.Question) - 200 // for marks and roles
	history := fitTurns(q.history, min(b.History, room/4), b.Count)
	r.Passages = fitPassages(r.Passages, room-room/4, b.Count)
	vars := prompts.Vars{
		Assistant: b.Name,
		Language:  language.Name(r.Language, r.Question),
		Question:  r.Question,
		Passages:  numbered(r.Passages, r.ReplyKey),
		History:   transcript(history),
		Date:      today(),
	}
	if r.System, err = p.Render(vars); err != nil {
		return Request{}, "", fmt.Errorf("render %s version %d: %w", p.Name, p.Version, err)
	}
	if key, err = b.answerKey(q, r, p, vars); err != nil {
		return Request{}, "", err
	}
	r.Turns = append(slices.Clone(history), Turn{User, r.Question})
	return Request{System: r.System, Turns: r.Turns, MaxTokens: b.MaxAnswer,
		Question: r.Standalone, Language: r.Language, Passages: r.Passages}, key, nil
}

// draft takes the place of an active prompt in a trial.
type draft struct{ prompts.Prompt }

// prompt returns the prompt of a kind ("answer", "rewrite") that holds in this place.
func (b *Bot) prompt(ctx context.Context, q asked, kind, lang string) (prompts.Prompt, error) {
	if name := q.draft.Name[strings.IndexByte(q.draft.Name, '.')+1:]; q.draft.Text != "" && strings.HasPrefix(name, kind+"-") {
		return q.draft.Prompt, nil
	}
	name := kind + "-" + language.Prompt(lang)
	if prefix := q.scope.PromptPrefix; prefix != "" {
		p, err := b.Prompts.Active(ctx, prefix+"."+name)
		if err != nil {
			return p, fmt.Errorf("read prompt %s.%s: %w", prefix, name, err)
		}
		if p.Version > 0 {
			return p, nil
		}
	}
	p, err := b.Prompts.Active(ctx, name)
	if err != nil {
		return p, fmt.Errorf("read prompt %s: %w", name, err)
	}
	return p, nil
}

// Sources are the citations of a receipt, as the reader sees them.
func (b *Bot) Sources(r Receipt) []gateway.Source {
	var out []gateway.Source
	for _, n := range r.Cited {
		if n < 1 || n > len(r.Passages) {
			continue
		}
		p := r.Passages[n-1]
		link := p.URL
		if u, err := url.Parse(link); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			link = ""
			if r.ReplyKey != "" { // a trial is not stored, so it has no page
				link = b.PublicURL + "/sources/" + url.PathEscape(r.ReplyKey) + "/" + strconv.Itoa(n)
			}
		}
		excerpt, cut := cutRunes(strings.Join(strings.Fields(p.Text), " "), 400)
		if cut {
			excerpt += "…"
		}
		location := strings.Trim(sectionOf(p)+" · "+language.Location(r.Language, p.Location), " ·")
		out = append(out, gateway.Source{Number: n, Title: p.Document, Location: location, URL: link, Excerpt: excerpt})
	}
	return out
}

// sectionOf is the path of headings without the document's title, where the path
// begins with that: it stands beside it.
func sectionOf(p knowledge.Passage) string {
	first, rest, _ := strings.Cut(p.Heading, " › ")
	if first == p.Document {
		return rest
	}
	return p.Heading
}

func lastQuestion(history []Turn) string {
	for i := len(history) - 1; i >= 0; i-- {
		if history[i].Role == User {
			return history[i].Text
		}
	}
	return ""
}

func today() string { return time.Now().Format(time.DateOnly) }

func cutRunes(s string, most int) (text string, cut bool) {
	if len(s) <= most {
		return s, false
	}
	if r := []rune(s); len(r) > most {
		return string(r[:most]), true
	}
	return s, false
}
