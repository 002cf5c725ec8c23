package prompts

import "strings"

// Line is one line of a comparison.
type Line struct {
	Op   string `json:"op"` // "same", "add" or "remove"
	Text string `json:"text"`
}

// maxCells bounds the table of a comparison: above it, what differs is shown as
// removed and added as a whole. Two prompts of 2,000 different lines stay below.
const maxCells = 4_000_000

// Diff compares two texts by their lines.
func Diff(from, to string) []Line {
	a, b := lines(from), lines(to)
	var out []Line
	emit := func(op string, texts []string) {
		for _, t := range texts {
			out = append(out, Line{Op: op, Text: t})
		}
	}
	start := 0
	for start < len(a) && start < len(b) && a[start] == b[start] {
		start++
	}
	end := 0
	for end < len(a)-start && end < len(b)-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	emit("same", a[:start])
	left, right := a[start:len(a)-end], b[start:len(b)-end]
	if (len(left)+1)*(len(right)+1) > maxCells {
		emit("remove", left)
		emit("add", right)
	} else {
		out = append(out, compare(left, right)...)
	}
	emit("same", a[len(a)-end:])
	return out
}

// compare walks along a longest common subsequence of a and b.
func compare(a, b []string) []Line {
	width := len(b) + 1
	common := make([]int32, (len(a)+1)*width) // common[i*width+j]: length for a[i:] and b[j:]
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i*width+j] = common[(i+1)*width+j+1] + 1
			} else {
				common[i*width+j] = max(common[(i+1)*width+j], common[i*width+j+1])
			}
		}
	}
	var out []Line
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, Line{"same", a[i]})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[(i+1)*width+j] >= common[i*width+j+1]:
			out = append(out, Line{"remove", a[i]})
			i++
		default:
			out = append(out, Line{"add", b[j]})
			j++
		}
	}
	return out
}

func lines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(strings.ReplaceAll(s, "\r\n", "\n"), "\n"), "\n")
}
