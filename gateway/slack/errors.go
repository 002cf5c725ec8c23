package slack

import (
	"errors"
	"fmt"
	"slices"

	api "github.com/slack-go/slack"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

// What Slack answers in place of ok.
var (
	notTheToken = []string{"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "not_allowed_token_type"}
	notAllowed  = []string{"missing_scope", "no_permission", "not_in_channel", "is_archived", "restricted_action", "access_denied", "ekm_access_denied", "user_is_restricted", "cannot_dm_bot"}
	notThere    = []string{"channel_not_found", "message_not_found", "thread_not_found", "file_not_found", "user_not_found", "file_deleted"}
	notNow      = []string{"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
)

// refusal turns an error of a call into one of a kind.
func refusal(err error) error {
	if limit, ok := errors.AsType[*api.RateLimitedError](err); ok {
		return &gateway.RetryAfter{After: limit.RetryAfter, Err: fmt.Errorf("%w: %w", fault.Unavailable, err)}
	}
	if status, ok := errors.AsType[api.StatusCodeError](err); ok {
		if status.Code >= 500 || status.Code == 408 {
			return fmt.Errorf("%w: %w", fault.Unavailable, err)
		}
		return fault.Say(fault.Unavailable, "slack_base", "What base_url names does not answer as the API of Slack.").Because(err)
	}
	said, ok := errors.AsType[api.SlackErrorResponse](err)
	if !ok {
		return fault.Say(fault.Unavailable, "slack_unreachable", "Slack cannot be reached.").Because(err)
	}
	switch code := said.Err; {
	case slices.Contains(notTheToken, code):
		return fault.Say(fault.Denied, "slack_token", "Slack does not accept bot_token or app_token (%s); look under OAuth & Permissions, and under Basic Information, App-Level Tokens.", code).Because(err)
	case code == "missing_scope" && said.Needed != "":
		return fault.Say(fault.Denied, "slack_scope", "The app lacks the scope %s in Slack; add it under OAuth & Permissions and install the app again.", said.Needed).Because(err)
	case slices.Contains(notAllowed, code):
		return fault.Say(fault.Denied, "slack_denied", "The app may not do that in Slack (%s); invite it into the channel, or add the scope.", code).Because(err)
	case slices.Contains(notThere, code):
		return fmt.Errorf("%w: %w", fault.NotFound, err)
	case slices.Contains(notNow, code):
		return fmt.Errorf("%w: %w", fault.Unavailable, err)
	}
	return fmt.Errorf("%w: %w", fault.Invalid, err)
}
