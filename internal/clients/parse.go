package clients

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	maxTableSize = 1 << 20 // bytes; the embedded table has 7 KiB
	maxText      = 300     // bytes of one value
	maxRows      = 1000    // of one list
)

var (
	dateForm = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
	nameForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	flagForm = regexp.MustCompile(`^--[a-z0-9]+(-[a-z0-9]+)*$`)
)

// The words that may stand in place of a first version.
var words = map[string]since{"always": always, "present": present, "unknown": unknown, "never": never}

// The rows as they stand in the file. A yaml.Node keeps its line.
type (
	tableRows struct {
		Version  yaml.Node
		Clients  []clientRow
		Packages []packageRow
	}
	clientRow struct {
		Name, Source yaml.Node
		Accepts      []acceptsRow
		Flags        []flagRow
	}
	acceptsRow struct {
		Need, First, Refused, Note, Source yaml.Node
	}
	flagRow struct {
		Flag, From, Until yaml.Node
		Needs             []yaml.Node
	}
	packageRow struct {
		Client, Distribution, Release, Package, Version, Source yaml.Node
		OrLater                                                 yaml.Node `yaml:"or-later"`
	}
)

// Parse reads a table. The error joins one error for each mistake, in the order
// of lines, each one line that names source, line and remedy.
func Parse(source string, data []byte) (*Table, error) {
	d := &decoder{source: source}
	var rows tableRows
	if d.document(data, &rows) {
		sum := sha256.Sum256(data)
		t := &Table{source: source, version: d.text(1, &rows.Version, "version"), sha256: hex.EncodeToString(sum[:])}
		if t.version != "" && !dateForm.MatchString(t.version) {
			d.addf(rows.Version.Line, "version %q is not a date; write it like 2026-11-22", t.version)
		}
		d.table(rows, t)
		if len(d.errs) == 0 {
			return t, nil
		}
	}
	return nil, d.err()
}

// decoder collects mistakes.
type decoder struct {
	source string
	errs   []lineError
}

type lineError struct {
	line int
	err  error
}

func (d *decoder) addf(line int, format string, args ...any) {
	d.errs = append(d.errs, lineError{line, fmt.Errorf("%s:%d: %w", d.source, line, fmt.Errorf(format, args...))})
}

func (d *decoder) err() error {
	slices.SortStableFunc(d.errs, func(a, b lineError) int { return cmp.Compare(a.line, b.line) })
	var errs []error
	for _, e := range d.errs {
		errs = append(errs, e.err)
	}
	return errors.Join(errs...)
}

// document reads the only document in data, and reports whether it has the form
// of a table.
func (d *decoder) document(data []byte, rows *tableRows) bool {
	if len(data) > maxTableSize {
		d.addf(1, "the table has %d bytes; more than %d cannot be one", len(data), maxTableSize)
		return false
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		d.addf(1, "the table of clients is empty; write version, clients and packages")
		return false
	} else if err != nil {
		d.yaml(err)
		return false
	}
	var more yaml.Node
	if err := dec.Decode(&more); err == nil {
		d.addf(more.Line, "a second document begins here; a table is one document")
		return false
	} else if !errors.Is(err, io.EOF) {
		d.yaml(err)
		return false
	}
	if d.noAliases(&doc); len(d.errs) > 0 {
		return false
	}
	if root := doc.Content[0]; root.Kind != yaml.MappingNode {
		d.addf(root.Line, "the table of clients must be a mapping; write version, clients and packages")
		return false
	}
	dec = yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(rows); err != nil {
		d.yaml(err)
		return false
	}
	return true
}

// noAliases refuses what would stand in several places at once.
func (d *decoder) noAliases(n *yaml.Node) {
	if n.Kind == yaml.AliasNode || n.Anchor != "" || n.Tag == "!!merge" {
		d.addf(n.Line, "anchors and aliases are not allowed in a table; write the value out")
		return
	}
	for _, c := range n.Content {
		d.noAliases(c)
	}
}

var (
	yamlError    = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?(.*)`)
	unknownField = regexp.MustCompile(`^field (.*) not found in type `)
	duplicate    = regexp.MustCompile(`^mapping key (.*) already defined at line (\d+)$`)
)

// yaml adds an error of the YAML library, without its names of Go types.
func (d *decoder) yaml(err error) {
	var form *yaml.TypeError
	if !errors.As(err, &form) {
		first, _, _ := strings.Cut(err.Error(), "\n")
		m := yamlError.FindStringSubmatch(first)
		line, _ := strconv.Atoi(m[1])
		// Its parser counts from 0 and its scanner from 1.
		d.addf(max(line, 1), "this line or the next is not YAML: %s", m[2])
		return
	}
	for _, text := range form.Errors {
		m := yamlError.FindStringSubmatch(text)
		line, _ := strconv.Atoi(m[1])
		line = max(line, 1)
		if f := unknownField.FindStringSubmatch(m[2]); f != nil {
			d.addf(line, "there is no field %q here; remove it", f[1])
		} else if f := duplicate.FindStringSubmatch(m[2]); f != nil {
			d.addf(line, "%s stands twice, first in line %s; keep one", f[1], f[2])
		} else {
			d.addf(line, "a value of this kind does not belong here; see the embedded table")
		}
	}
}

// text returns a scalar as it is spelled. It returns "" for what it refused,
// which is also a field that is not there.
func (d *decoder) text(line int, n *yaml.Node, what string) string {
	switch {
	case n.IsZero():
		d.addf(line, "%s is not there; add it", what)
	case n.Kind != yaml.ScalarNode:
		d.addf(n.Line, "%s must be a single value", what)
	case n.Value == "" || n.Tag == "!!null":
		d.addf(n.Line, "%s is empty; fill it in", what)
	case len(n.Value) > maxText:
		d.addf(n.Line, "%s is longer than %d bytes; shorten it", what, maxText)
	case strings.ContainsFunc(n.Value, func(c rune) bool { return !strconv.IsPrint(c) }):
		d.addf(n.Line, "%s has a character that cannot be shown: %q; remove it", what, n.Value)
	default:
		return n.Value
	}
	return ""
}

// optional is text where a field may be left out.
func (d *decoder) optional(n *yaml.Node, what string) string {
	if n.IsZero() {
		return ""
	}
	return d.text(n.Line, n, what)
}

// formed is text of a form.
func (d *decoder) formed(line int, n *yaml.Node, what string, form *regexp.Regexp, like string) string {
	s := d.text(line, n, what)
	if s != "" && !form.MatchString(s) {
		d.addf(n.Line, "%s %q: write it like %s", what, s, like)
		return ""
	}
	return s
}

func (d *decoder) version(line int, n *yaml.Node, what string) string {
	s := d.text(line, n, what)
	if s != "" && !validVersion(s) {
		d.addf(n.Line, "%s: %q is no version; write all three numbers, like 2.4.0", what, s)
		return ""
	}
	return s
}

// lineOf is the line of the first field that is there, for what is not.
func lineOf(before int, fields ...*yaml.Node) int {
	line := 0
	for _, f := range fields {
		if f.Line > 0 && (line == 0 || f.Line < line) {
			line = f.Line
		}
	}
	if line == 0 {
		return before
	}
	return line
}

func (d *decoder) table(rows tableRows, t *Table) {
	line := lineOf(1, &rows.Version)
	if len(rows.Clients) == 0 {
		d.addf(line, "clients is not there or empty; add it")
	}
	if len(rows.Clients) > maxRows || len(rows.Packages) > maxRows {
		d.addf(line, "a table has no more than %d clients or packages", maxRows)
		return
	}
	for _, row := range rows.Clients {
		line = lineOf(line, &row.Name, &row.Source)
		if c, ok := d.client(line, row); ok {
			if slices.ContainsFunc(t.clients, func(o client) bool { return o.name == c.name }) {
				d.addf(row.Name.Line, "client %s has a row already; keep one", c.name)
			}
			t.clients = append(t.clients, c)
		}
	}
	for _, row := range rows.Packages {
		line = lineOf(line, &row.Client, &row.Distribution, &row.Release, &row.Package, &row.Version, &row.Source)
		d.pkg(line, row, t)
	}
}

func (d *decoder) client(line int, row clientRow) (client, bool) {
	c := client{name: d.formed(line, &row.Name, "the name of a client", nameForm, "sigstore-python"), accepts: make(map[Need]acceptance)}
	what := "client " + c.name
	d.text(line, &row.Source, "the source of "+what)
	if len(row.Accepts) > maxRows || len(row.Flags) > maxRows {
		d.addf(line, "%s has more than %d rows", what, maxRows)
		return client{}, false
	}
	at := line
	for _, r := range row.Accepts {
		at = lineOf(at, &r.Need, &r.First, &r.Refused, &r.Note, &r.Source)
		need, ok := d.need(at, &r.Need)
		if !ok {
			continue
		}
		if _, again := c.accepts[need]; again {
			d.addf(at, "%s has two rows for %s; keep one", what, need)
		}
		c.accepts[need] = d.acceptance(at, r)
	}
	for _, n := range needs {
		if _, ok := c.accepts[n]; !ok {
			d.addf(line, "%s has no row for %s; add it, with first: unknown if nobody knows", what, n)
		}
	}
	for _, r := range row.Flags {
		at = lineOf(at, &r.Flag, &r.From, &r.Until)
		f := flag{Flag: Flag{
			Name:  d.formed(at, &r.Flag, "a flag", flagForm, "--new-bundle-format"),
			From:  d.version(at, &r.From, "from"),
			Until: d.version(at, &r.Until, "until"),
		}}
		for i := range r.Needs {
			if n, ok := d.need(at, &r.Needs[i]); ok {
				f.needs = append(f.needs, n)
			}
		}
		if f.From != "" && f.Until != "" && compare(f.From, f.Until) > 0 {
			d.addf(at, "flag %s is needed from %s until %s, which is before it", f.Name, f.From, f.Until)
		}
		c.flags = append(c.flags, f)
	}
	return c, c.name != ""
}

func (d *decoder) need(line int, n *yaml.Node) (Need, bool) {
	s := Need(d.text(line, n, "a need"))
	if s != "" && !slices.Contains(needs, s) {
		d.addf(n.Line, "%q is no need; there are %v", s, needs)
		return "", false
	}
	return s, s != ""
}

func (d *decoder) acceptance(line int, r acceptsRow) acceptance {
	d.optional(&r.Note, "note")
	d.optional(&r.Source, "source")
	var a acceptance
	if word, ok := words[r.First.Value]; ok && r.First.Kind == yaml.ScalarNode {
		a.since = word
	} else {
		a.since, a.first = from, d.version(line, &r.First, "first")
	}
	if r.Refused.IsZero() {
		return a
	}
	a.refused = d.version(line, &r.Refused, "refused")
	switch {
	case a.since == never:
		d.addf(line, "what no version accepts cannot be refused again; remove refused")
	case a.refused != "" && a.first != "" && compare(a.first, a.refused) >= 0:
		d.addf(line, "it is refused from %s on, and accepted first by %s", a.refused, a.first)
	}
	return a
}

func (d *decoder) pkg(line int, row packageRow, t *Table) {
	name := d.text(line, &row.Client, "the client of a package")
	d.text(line, &row.Source, "the source of a package")
	p := pkg{Package: Package{
		Distribution: d.text(line, &row.Distribution, "distribution"),
		Release:      d.text(line, &row.Release, "release"),
		Name:         d.text(line, &row.Package, "package"),
	}}
	if row.Version.Value == "none" {
		p.none = true
	} else {
		p.Version = d.version(line, &row.Version, "version")
	}
	if !row.OrLater.IsZero() {
		if p.OrLater = d.text(line, &row.OrLater, "or-later") == "yes"; !p.OrLater {
			d.addf(row.OrLater.Line, "or-later can only be yes; leave it out otherwise")
		} else if p.none {
			d.addf(row.OrLater.Line, "there is no package, and so none that is later; remove or-later")
		}
	}
	c, err := t.client(name)
	switch {
	case err == nil:
		c.packages = append(c.packages, p)
	case name != "":
		d.addf(row.Client.Line, "%v", err)
	}
}
