package office

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/parley-im/parley/knowledge/extract/archive"
	"github.com/parley-im/parley/knowledge/extract/content"
)

// xlsx makes a workbook and reads it.
func xlsx(t *testing.T, limits content.Limits, fill func(f *excelize.File) error) (content.Document, error) {
	t.Helper()
	f := excelize.NewFile()
	if err := fill(f); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "a.xlsx")
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	a, err := archive.Open(path, limits)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	return XLSX(t.Context(), path, a, limits)
}

func TestXLSX(t *testing.T) {
	got, err := xlsx(t, limits, func(f *excelize.File) error {
		day, err := f.NewStyle(&excelize.Style{CustomNumFmt: new("yyyy-mm-dd")})
		if err != nil {
			return err
		}
		money, err := f.NewStyle(&excelize.Style{CustomNumFmt: new("0.00")})
		if err != nil {
			return err
		}
		_, err1 := f.NewSheet("价格")
		_, err2 := f.NewSheet("hidden")
		return errors.Join(err1, err2,
			f.SetSheetRow("Sheet1", "B3", &[]any{"地区", "城市", "运费", "日期"}),
			f.SetSheetRow("Sheet1", "B4", &[]any{"华东", "上海", 8, time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)}),
			f.SetSheetRow("Sheet1", "C5", &[]any{"杭州\n宁波", 9.5, "待定"}),
			f.SetCellStyle("Sheet1", "E4", "E4", day),
			f.SetCellStyle("Sheet1", "D4", "D5", money),
			f.MergeCell("Sheet1", "B4", "B5"),
			f.SetSheetRow("价格", "A1", &[]any{"价目表（元）"}),
			f.MergeCell("价格", "A1", "B1"),
			f.SetSheetRow("价格", "A2", &[]any{"项目", "价格"}),
			f.SetSheetRow("价格", "A3", &[]any{"安装", true}),
			f.SetSheetRow("hidden", "A1", &[]any{"secret"}),
			f.SetSheetVisible("hidden", false),
			f.SetDocProps(&excelize.DocProperties{Title: "运费表"}),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	want := content.Document{Type: "xlsx", Title: "运费表", Blocks: []content.Block{
		{
			Kind: content.Table, Location: "sheet Sheet1", Header: []string{"地区", "城市", "运费", "日期"},
			Rows: [][]string{{"华东", "上海", "8.00", "2026-11-24"}, {"华东", "杭州\n宁波", "9.50", "待定"}},
		},
		{Kind: content.Paragraph, Location: "sheet 价格", Text: "价目表（元）"},
		{Kind: content.Table, Location: "sheet 价格", Header: []string{"项目", "价格"}, Rows: [][]string{{"安装", "TRUE"}}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("XLSX() (-want +got):\n%s", diff)
	}
}

func TestXLSXFarCell(t *testing.T) {
	got, err := xlsx(t, limits, func(f *excelize.File) error {
		return errors.Join(f.SetCellStr("Sheet1", "A1", "near"), f.SetCellStr("Sheet1", "B1048576", "far"))
	})
	if err != nil {
		t.Fatal(err)
	}
	if text := content.PlainText(got.Blocks); text != "near | \n | far" {
		t.Errorf("XLSX() = %q", text)
	}
}

func TestXLSXTooManyCells(t *testing.T) {
	_, err := xlsx(t, content.Limits{Cells: 20}.Filled(), func(f *excelize.File) error {
		for i := range 30 {
			cell, err := excelize.CoordinatesToCellName(1, i+1)
			if err != nil {
				return err
			}
			if err := f.SetCellInt("Sheet1", cell, int64(i)); err != nil {
				return err
			}
		}
		return nil
	})
	if p, ok := errors.AsType[*content.Problem](err); !ok || p.Code != content.TooLarge {
		t.Errorf("XLSX() = %v, want too_large", err)
	}
}
