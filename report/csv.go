package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"migrate/compare"
)

// CSV writes a row for each artifact, after a row of column names, as RFC 4180
// has it. Columns are named after the fields of the JSON document; readiness
// and series.* are the series', highestLevel that of the findings. A cell
// without a value is empty. What is not about an artifact, as places that could
// not be looked at, has no row.
//
// Cells are made visible as Escape does it, and an apostrophe stands before
// what a spreadsheet would take for the start of a formula.
func CSV(w io.Writer, d *Document) error {
	series := make(map[string]*Series, len(d.Series))
	for i := range d.Series {
		series[d.Series[i].Series] = &d.Series[i]
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true // RFC 4180, section 2, rule 1
	record := make([]string, len(columns))
	for i, c := range columns {
		record[i] = c.name
	}
	out.Write(record) // the writer keeps its first error
	for i := range d.Artifacts {
		a := &d.Artifacts[i]
		for j, c := range columns {
			record[j] = ""
			if c.value != nil {
				record[j] = cellText(c.value(a))
			} else if s := series[a.Series]; s != nil {
				record[j] = cellText(seriesColumns[c.name](s))
			}
		}
		out.Write(record)
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("writing the report as CSV: %w", err)
	}
	return nil
}

// column is one column of CSV. Without a value it is one of seriesColumns.
type column struct {
	name  string
	value func(*Artifact) string
}

// seriesColumns are those whose value is not the artifact's own.
var seriesColumns = map[string]func(*Series) string{
	"readiness":           func(s *Series) string { return s.Readiness.String() },
	"series.status":       func(s *Series) string { return string(s.Status) },
	"series.firstRelease": func(s *Series) string { return s.FirstRelease.String() },
	"series.endOfLife":    func(s *Series) string { return s.EndOfLife.String() },
}

// columns are only ever added to, at the end: spreadsheets count them.
var columns = []column{
	{"series", func(a *Artifact) string { return a.Series }},
	{"readiness", nil},
	{"version", func(a *Artifact) string { return a.Version }},
	{"name", func(a *Artifact) string { return a.Name }},
	{"upstream", func(a *Artifact) string { return a.Upstream }},
	{"role", func(a *Artifact) string { return a.Role }},
	{"kind", func(a *Artifact) string { return a.Kind }},
	{"platform", func(a *Artifact) string { return a.Platform }},
	{"path", func(a *Artifact) string { return a.Path }},
	{"url", func(a *Artifact) string { return a.URL }},
	{"size", func(a *Artifact) string { return decimal(a.Size) }},
	{"sha256", func(a *Artifact) string { return a.SHA256 }},
	{"verdict", func(a *Artifact) string { return a.Verdict.String() }},
	{"highestLevel", func(a *Artifact) string { return highestLevel(a.Findings) }},
	{"findings", func(a *Artifact) string { return codeList(a.Findings) }},
	{"trouble", func(a *Artifact) string { return a.Trouble }},
	{"pgp.status", func(a *Artifact) string { return a.PGP.Status.String() }},
	{"pgp.reason", func(a *Artifact) string { return string(a.PGP.Reason) }},
	{"pgp.weaknesses", func(a *Artifact) string { return words(a.PGP.Weaknesses) }},
	{"pgp.detail", func(a *Artifact) string { return a.PGP.Detail }},
	{"pgp.signerName", func(a *Artifact) string { return a.PGP.SignerName }},
	{"pgp.userId", func(a *Artifact) string { return a.PGP.UserID }},
	{"pgp.certificate", func(a *Artifact) string { return a.PGP.Certificate }},
	{"pgp.signingKey", func(a *Artifact) string { return a.PGP.SigningKey }},
	{"pgp.created", func(a *Artifact) string { return a.PGP.Created.stamp() }},
	{"pgp.algorithm", func(a *Artifact) string { return a.PGP.Algorithm }},
	{"pgp.hash", func(a *Artifact) string { return a.PGP.Hash }},
	{"expected.pgp.presence", func(a *Artifact) string { return string(a.Expected.PGP.Presence) }},
	{"sigstore.status", func(a *Artifact) string { return a.Sigstore.Status.String() }},
	{"sigstore.reason", func(a *Artifact) string { return string(a.Sigstore.Reason) }},
	{"sigstore.detail", func(a *Artifact) string { return a.Sigstore.Detail }},
	{"sigstore.identity.san", func(a *Artifact) string { return a.Sigstore.Identity.SAN }},
	{"sigstore.identity.issuer", func(a *Artifact) string { return a.Sigstore.Identity.Issuer }},
	{"sigstore.bundleVersion", func(a *Artifact) string { return a.Sigstore.BundleVersion }},
	{"sigstore.logIndex", func(a *Artifact) string { return decimal(a.Sigstore.LogIndex) }},
	{"sigstore.logTime", func(a *Artifact) string { return a.Sigstore.LogTime.stamp() }},
	{"expected.sigstore.presence", func(a *Artifact) string { return string(a.Expected.Sigstore.Presence) }},
	{"series.status", nil},
	{"series.firstRelease", nil},
	{"series.endOfLife", nil},
}

func decimal(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

// stamp returns the time as in JSON, or "" for none.
func (t Time) stamp() string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

func highestLevel(findings []Finding) string {
	var highest compare.Level
	for _, f := range findings {
		highest = max(highest, f.Level)
	}
	if highest == 0 {
		return ""
	}
	return highest.String()
}

func codeList(findings []Finding) string {
	var list []string
	for _, f := range findings {
		list = append(list, string(f.Code))
	}
	return strings.Join(list, " ")
}

func words[T ~string](list []T) string {
	var out []string
	for _, s := range list {
		out = append(out, string(s))
	}
	return strings.Join(out, " ")
}

const (
	// formulaSigns make a spreadsheet calculate, at the start of a cell (OWASP,
	// "CSV Injection"). For some spreadsheets the full-width ones count too.
	// Tabs and line ends, which OWASP also names, do not get past Escape.
	formulaSigns = "=+-@＝＋－＠"
	// cellStarts are after what a cell begins where the spreadsheet separates
	// or quotes by something else than RFC 4180 does.
	cellStarts = `,;|"'`
)

// cellText returns s as a cell.
func cellText(s string) string {
	var b strings.Builder
	start := true
	for _, r := range Escape(s) {
		if start && strings.ContainsRune(formulaSigns, r) {
			b.WriteByte('\'')
		}
		b.WriteRune(r)
		start = strings.ContainsRune(cellStarts, r)
	}
	return b.String()
}
