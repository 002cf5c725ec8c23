package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

const (
	callTimeout = 20 * time.Second
	answerBytes = 8 << 20 // of one answer; a hundred updates are far smaller
)

// answer is what every call returns.
type answer struct {
	OK          bool            `json:"ok"`
	Result      json.RawMessage `json:"result"`
	Code        int             `json:"error_code"`
	Description string          `json:"description"`
	Parameters  struct {
		RetryAfter int `json:"retry_after"`
	} `json:"parameters"`
}

// call calls a method of the Bot API with a deadline, and reads its result into into.
func (c *Channel) call(ctx context.Context, method string, params map[string]any, into any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return c.callWithin(ctx, method, params, into)
}

func (c *Channel) callWithin(ctx context.Context, method string, params map[string]any, into any) error {
	body, err := json.Marshal(params)
	if err != nil {
		return fmt.Errorf("encode %s: %w", method, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.set.BaseURL+"/bot"+c.set.Token+"/"+method, bytes.NewReader(body))
	if err != nil {
		return c.hide(fmt.Errorf("%s: %w", method, err))
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.client.Do(req)
	if err != nil {
		return c.unreachable(method, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, answerBytes))
	if err != nil {
		return c.unreachable(method, err)
	}
	var a answer
	if err := json.Unmarshal(data, &a); err != nil {
		if resp.StatusCode >= 500 || resp.StatusCode == http.StatusOK {
			return fault.Say(fault.Unavailable, "telegram_answer", "Telegram gave an answer that cannot be read (HTTP status %d).", resp.StatusCode).Because(c.hide(err))
		}
		return fault.Say(fault.Unavailable, "telegram_base", "What base_url names does not answer as the Bot API (HTTP status %d).", resp.StatusCode).Because(c.hide(err))
	}
	if !a.OK {
		return a.fault(method)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(a.Result, into); err != nil {
		return fmt.Errorf("read the answer of %s: %w: %w", method, fault.Unavailable, err)
	}
	return nil
}

// fault turns what Telegram says into an error of a kind.
func (a answer) fault(method string) error {
	cause := fmt.Errorf("%s: %d %s", method, a.Code, a.Description)
	text := strings.ToLower(a.Description)
	switch {
	case a.Code == http.StatusTooManyRequests:
		err := fmt.Errorf("%w: %w", fault.Unavailable, cause)
		if a.Parameters.RetryAfter > 0 {
			return &gateway.RetryAfter{After: time.Duration(a.Parameters.RetryAfter) * time.Second, Err: err}
		}
		return err
	case a.Code >= 500:
		return fmt.Errorf("%w: %w", fault.Unavailable, cause)
	case a.Code == http.StatusUnauthorized, a.Code == http.StatusNotFound && method == "getMe":
		return fault.Say(fault.Denied, "telegram_token", "Telegram does not accept the token; copy it again from @BotFather.").Because(cause)
	case a.Code == http.StatusConflict && strings.Contains(text, "webhook"):
		return fault.Say(fault.Unavailable, "telegram_webhook", "The bot has a webhook, so it cannot be polled; remove it (deleteWebhook).").Because(cause)
	case a.Code == http.StatusConflict:
		return fault.Say(fault.Unavailable, "telegram_conflict", "Something else asks for the updates of the same bot; each bot can be in one channel only.").Because(cause)
	case a.Code == http.StatusForbidden:
		return fault.Say(fault.Denied, "telegram_forbidden", "The bot may not write there: it was blocked, or removed from the group.").Because(cause)
	case strings.Contains(text, "chat not found"), strings.Contains(text, "message to edit not found"), strings.Contains(text, "thread not found"):
		return fmt.Errorf("%w: %w", fault.NotFound, cause)
	case strings.Contains(text, "not enough rights"), strings.Contains(text, "topic_closed"):
		return fmt.Errorf("%w: %w", fault.Denied, cause)
	}
	return fmt.Errorf("%w: %w", fault.Invalid, cause)
}

func (c *Channel) unreachable(method string, err error) error {
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: %w: %w", method, fault.Unavailable, context.Canceled)
	}
	return fault.Say(fault.Unavailable, "telegram_unreachable", "Telegram cannot be reached at %s.", host(c.set.BaseURL)).Because(c.hide(fmt.Errorf("%s: %w", method, err)))
}

func host(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Host
	}
	return "base_url"
}

// hide takes the token out of an error: the net package writes addresses into its own.
func (c *Channel) hide(err error) error {
	return errors.New(strings.ReplaceAll(err.Error(), c.set.Token, "…"))
}
