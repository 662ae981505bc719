package recipe

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"go.yaml.in/yaml/v3"
)

// System is a packaging system or client that there are recipes for.
type System struct {
	Name  string // as on the command line, e.g. "debian"
	Title string
	// Methods are those it has recipes for.
	Methods []Method
	Tested  map[Method]Evidence
	Clients map[Method][]Client // what verifies
	Notes   map[Method][]string // a sentence each

	file     string
	template *template.Template
}

// Evidence says how much is known of a recipe's working.
type Evidence string

// The evidence there can be.
const (
	Run      Evidence = "run"      // this program's tests run it
	Seen     Evidence = "seen"     // the syntax stands in the system's own files; never run there
	Untested Evidence = "untested" // constructed, and never run in that system
)

func (e Evidence) sentence() string {
	switch e {
	case Run:
		return "Tested: run on a good file, a changed one, and one signed by somebody else."
	case Seen:
		return "Untested: written after that system's own files, and never run in it."
	}
	return "Untested: constructed, and never run in that system. Try it on a changed file, too, before relying on it."
}

// Client is a program that verifies.
type Client string

// The clients.
const (
	Cosign         Client = "cosign"
	SigstorePython Client = "sigstore-python"
	Migrate        Client = "migrate"
	GnuPG          Client = "gnupg"
)

// needs says for each client which version it takes at least: the tables of
// cosign's and sigstore-python's releases, and of which bundles each reads. All
// of CPython's bundles so far are v0.1 to v0.3 and logged in Rekor v1, and where
// it is not known which, what reads v0.3 reads them all.
func needs(clients []Client, b *Bundle) []string {
	if b == nil {
		b = &Bundle{Version: "0.3", Rekor: 1}
	}
	var out []string
	for _, c := range clients {
		switch {
		case c == Cosign && b.Rekor == 2:
			out = append(out, "cosign 3.0.5 or later (from 2.6.0 on with --use-signed-timestamps added)")
		case c == Cosign:
			out = append(out, "cosign 2.4.0 or later (2.4.0 and 2.4.1 with --new-bundle-format added)")
		case c == SigstorePython && b.Rekor == 2:
			out = append(out, "sigstore-python 4.0.0 or later")
		case c == SigstorePython && b.Version == "0.1":
			out = append(out, "sigstore-python 1.1.0 or later")
		case c == SigstorePython && b.Version == "0.2":
			out = append(out, "sigstore-python 2.0.0 or later")
		case c == SigstorePython:
			out = append(out, "sigstore-python 3.0.0 or later")
		case c == Migrate:
			out = append(out, "migrate, any version")
		case c == GnuPG:
			out = append(out, "GnuPG, any version")
		}
	}
	return out
}

// Book holds a template for each system.
type Book struct {
	systems map[string]*System
	shared  map[string]source // definitions that every template can use, by file
}

type source struct{ file, text string }

//go:embed all:templates
var embedded embed.FS

// Embedded returns the systems that the program knows.
func Embedded() (*Book, error) {
	dir, err := fs.Sub(embedded, "templates")
	if err != nil {
		return nil, err
	}
	b := &Book{systems: make(map[string]*System), shared: make(map[string]source)}
	return b, b.Add(dir, "")
}

// maxTemplate bounds a template, in bytes.
const maxTemplate = 1 << 20

var systemName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Add reads every *.tmpl file of a directory. SYSTEM.tmpl adds a system, or
// takes the place of one that is there; files whose names begin with _ hold
// definitions that the templates read then can use. Dir is what the directory is
// called in errors, each of which names file and line; they are joined.
func (b *Book) Add(fsys fs.FS, dir string) error {
	files, err := fs.Glob(fsys, "*.tmpl")
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("%s: no templates: want files SYSTEM.tmpl", dir)
	}
	var errs []error
	texts := make(map[string]source)
	for _, file := range files {
		text, err := readTemplate(fsys, file)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", path.Join(dir, file), err))
			continue
		}
		src := source{path.Join(dir, file), text}
		if strings.HasPrefix(file, "_") {
			b.shared[file] = src
		} else {
			texts[strings.TrimSuffix(file, ".tmpl")] = src
		}
	}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		s, err := b.parse(name, texts[name])
		if err != nil {
			errs = append(errs, err)
			continue
		}
		b.systems[name] = s
	}
	return errors.Join(errs...)
}

func readTemplate(fsys fs.FS, file string) (string, error) {
	info, err := fs.Stat(fsys, file)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxTemplate) {
		err = fmt.Errorf("want a file of at most %d bytes", maxTemplate)
	}
	if err != nil {
		return "", err
	}
	data, err := fs.ReadFile(fsys, file)
	return string(data), err
}

// Systems returns every system, by name.
func (b *Book) Systems() []*System {
	var all []*System
	for _, name := range slices.Sorted(maps.Keys(b.systems)) {
		all = append(all, b.systems[name])
	}
	return all
}

// System returns the system of that name.
func (b *Book) System(name string) (*System, bool) {
	s, ok := b.systems[name]
	return s, ok
}

// frontMatter is what a template says of itself, in YAML between lines of ---.
type frontMatter struct {
	Title   string
	Methods map[Method]aboutMethod
	Notes   []string // for every method
}

type aboutMethod struct {
	Tested  Evidence
	Clients []Client
	Notes   []string
}

// parse reads a template with its front matter.
func (b *Book) parse(name string, src source) (*System, error) {
	if !systemName.MatchString(name) {
		return nil, fmt.Errorf("%s: %q is no name for a system: want lower-case words with - between them", src.file, name)
	}
	head, body, err := split(src.text)
	if err != nil {
		return nil, fmt.Errorf("%s:1: %w", src.file, err)
	}
	var m frontMatter
	dec := yaml.NewDecoder(strings.NewReader(head))
	dec.KnownFields(true)
	if err := dec.Decode(&m); err != nil {
		return nil, yamlError(src.file, err)
	}
	s := &System{Name: name, Title: m.Title, file: src.file,
		Tested: make(map[Method]Evidence), Clients: make(map[Method][]Client), Notes: make(map[Method][]string)}
	if err := s.describe(m); err != nil {
		return nil, fmt.Errorf("%s:1: %w", src.file, err)
	}
	t := template.New(src.file).Option("missingkey=error").Funcs(functions)
	for _, file := range slices.Sorted(maps.Keys(b.shared)) {
		if _, err := t.New(b.shared[file].file).Parse(b.shared[file].text); err != nil {
			return nil, templateError(err)
		}
	}
	// The front matter's lines stay, empty, so that those of errors are right.
	if s.template, err = t.Parse(strings.Repeat("\n", strings.Count(head, "\n")) + body); err != nil {
		return nil, templateError(err)
	}
	return s, nil
}

// split divides a template after its front matter, whose last line is ---.
func split(text string) (head, body string, err error) {
	const line = "---\n"
	if !strings.HasPrefix(text, line) {
		return "", "", errors.New("a template begins with a line --- and says what it is")
	}
	end := strings.Index(text[len(line):], "\n"+line)
	if end < 0 {
		return "", "", errors.New("no line --- ends what the template says of itself")
	}
	end += len(line) + len("\n")
	return text[:end] + "\n", text[end+len(line):], nil
}

func (s *System) describe(m frontMatter) error {
	if m.Title == "" || len(m.Methods) == 0 {
		return errors.New("a template needs a title and methods")
	}
	for method, about := range m.Methods {
		if _, err := ParseMethod(string(method)); err != nil {
			return err
		}
		if !slices.Contains([]Evidence{Run, Seen, Untested}, about.Tested) {
			return fmt.Errorf("tested: %q: want run, seen or untested", about.Tested)
		}
		for _, c := range about.Clients {
			if !slices.Contains([]Client{Cosign, SigstorePython, Migrate, GnuPG}, c) {
				return fmt.Errorf("clients: %q: want cosign, sigstore-python, migrate or gnupg", c)
			}
		}
		notes := slices.Concat(m.Notes, about.Notes)
		for _, line := range append(notes, m.Title) {
			if !printable(line) {
				return fmt.Errorf("%+q is not one line that can be seen", line)
			}
		}
		s.Tested[method], s.Clients[method], s.Notes[method] = about.Tested, about.Clients, notes
	}
	for _, method := range Methods() {
		if _, ok := m.Methods[method]; ok {
			s.Methods = append(s.Methods, method)
		}
	}
	return nil
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

// yamlError names file and line of the first mistake.
func yamlError(file string, err error) error {
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Errorf("%s:%s: %s", file, m[1], m[2])
	}
	return fmt.Errorf("%s:1: %w", file, err)
}

// templateError leaves file, line and mistake of what text/template says.
func templateError(err error) error {
	return errors.New(strings.TrimPrefix(err.Error(), "template: "))
}

// separator begins the line that begins a part and names its file.
const separator = "==> "

// render returns the recipe's parts.
func (s *System) render(d *Data) ([]Part, error) {
	var out bytes.Buffer
	if err := s.template.Execute(&out, d); err != nil {
		return nil, templateError(err)
	}
	var parts []Part
	for line := range strings.Lines(out.String()) {
		file, begins := strings.CutPrefix(line, separator)
		switch {
		case begins:
			parts = append(parts, Part{File: strings.TrimSpace(file)})
		case len(parts) > 0:
			parts[len(parts)-1].Text += line
		case strings.TrimSpace(line) != "":
			return nil, fmt.Errorf("%s: text before the first line %sFILE: %q", s.file, separator, strings.TrimSpace(line))
		}
	}
	if len(parts) == 0 {
		return nil, fmt.Errorf("%s: no part: a line %sFILE begins one", s.file, separator)
	}
	for i := range parts {
		parts[i].Text = strings.Trim(parts[i].Text, "\n") + "\n"
	}
	return parts, nil
}
