package activity

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/activity"
)

const answered = `(t.state = 'done' AND t.answered_at IS NOT NULL)`

// day is the number of the day, from $1 on, in which a turn was received.
const day = `(t.received_at - $1::bigint) / 86400000000 AS day`

// Each day and, with no day, all of them. percentile_disc is the smallest time that so
// many percent do not exceed.
const selectFigures = `SELECT ` + day + `, count(*), count(*) FILTER (WHERE t.state = 'dead'), count(*) FILTER (WHERE ` + answered + `),
	count(*) FILTER (WHERE ` + answered + ` AND NOT coalesce(r.known, false)),
	coalesce(sum(r.input_tokens), 0)::bigint, coalesce(sum(r.output_tokens), 0)::bigint,
	coalesce(percentile_disc(0.50) WITHIN GROUP (ORDER BY t.done_at - t.received_at) FILTER (WHERE ` + answered + `), 0),
	coalesce(percentile_disc(0.95) WITHIN GROUP (ORDER BY t.done_at - t.received_at) FILTER (WHERE ` + answered + `), 0)
	FROM turns t LEFT JOIN receipts r ON r.reply_key = t.reply_key
	WHERE t.received_at >= $1 AND t.received_at < $2 AND ` + question + `
	GROUP BY GROUPING SETS ((day), ())`

const selectThumbs = `SELECT ` + day + `, count(*) FILTER (WHERE g.value = 1), count(*) FILTER (WHERE g.value = -1)
	FROM ratings g JOIN turns t ON t.id = g.turn WHERE t.received_at >= $1 AND t.received_at < $2
	GROUP BY GROUPING SETS ((day), ())`

// Overview returns the figures of the last days, today included, in UTC: their
// sums, and each day, oldest first. A turn counts on the day it was received.
func (r *Reader) Overview(ctx context.Context, days int) (total activity.Figures, out []activity.Day, err error) {
	first := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 1-days)
	for i := range days {
		out = append(out, activity.Day{Day: first.AddDate(0, 0, i).Format(time.DateOnly)})
	}
	of := func(day *int) *activity.Figures {
		if day == nil {
			return &total
		}
		return &out[*day].Figures
	}
	b := &pgx.Batch{}
	from, to := first.UnixMicro(), first.AddDate(0, 0, days).UnixMicro()
	b.Queue(selectFigures, from, to).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var day *int
			var f activity.Figures
			if err := rows.Scan(&day, &f.Questions, &f.Dead, &f.Answered, &f.Unknown, &f.InputTokens, &f.OutputTokens, &f.P50MS, &f.P95MS); err != nil {
				return err
			}
			f.P50MS, f.P95MS = f.P50MS/1000, f.P95MS/1000 // from microseconds
			*of(day) = f
		}
		return rows.Err()
	})
	b.Queue(selectThumbs, from, to).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var day *int
			var up, down int
			if err := rows.Scan(&day, &up, &down); err != nil {
				return err
			}
			of(day).Up, of(day).Down = up, down
		}
		return rows.Err()
	})
	if err := r.db.Batch(ctx, b); err != nil {
		return activity.Figures{}, nil, fmt.Errorf("count what was asked: %w", err)
	}
	return total, out, nil
}
