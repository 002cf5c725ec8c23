package rig

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Metrics are the figures that a server publishes, by series.
type Metrics map[string]float64

// Metrics asks the server for its figures.
func (p *Process) Metrics(ctx context.Context) (Metrics, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.Listen+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("read metrics: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("read metrics: status %d", res.StatusCode)
	}
	return parse(res.Body)
}

func parse(r io.Reader) (Metrics, error) {
	m := Metrics{}
	for lines := bufio.NewScanner(r); ; {
		if !lines.Scan() {
			return m, lines.Err()
		}
		line := lines.Text()
		at := strings.LastIndexByte(line, ' ')
		if strings.HasPrefix(line, "#") || at < 0 {
			continue
		}
		if v, err := strconv.ParseFloat(line[at+1:], 64); err == nil {
			m[line[:at]] = v
		}
	}
}

// Sum adds up all series of a name.
func (m Metrics) Sum(name string) (sum float64) {
	for series, v := range m {
		if series == name || strings.HasPrefix(series, name+"{") {
			sum += v
		}
	}
	return sum
}

// The names of what a process uses up.
const (
	Resident    = "process_resident_memory_bytes"
	Descriptors = "process_open_fds"
	Goroutines  = "go_goroutines"
)
