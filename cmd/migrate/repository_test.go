package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

const repository = "../.."

// TestFuzzTargetsHaveSeeds finds every fuzz target of the repository and asserts
// that it adds seeds, itself or through a function that it hands itself to, or
// has them in its testdata.
func TestFuzzTargetsHaveSeeds(t *testing.T) {
	found := 0
	err := filepath.WalkDir(repository, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if name := d.Name(); path != repository && (name == "testdata" || strings.HasPrefix(name, ".")) {
			return filepath.SkipDir
		}
		files, err := filepath.Glob(filepath.Join(path, "*_test.go"))
		if err != nil {
			return err
		}
		var parsed []*ast.File
		for _, file := range files {
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				return err
			}
			parsed = append(parsed, f)
		}
		targets, seeded := fuzzTargets(parsed)
		found += len(targets)
		for _, target := range targets {
			corpus, err := filepath.Glob(filepath.Join(path, "testdata", "fuzz", target, "*"))
			if err != nil {
				return err
			}
			if !seeded[target] && len(corpus) == 0 {
				t.Errorf("%s: %s has no seeds", path, target)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 20 {
		t.Errorf("only %d fuzz targets found", found)
	}
}

// fuzzTargets returns the names of a package's fuzz targets, and which of its
// functions add seeds to the *testing.F that they are given.
func fuzzTargets(files []*ast.File) (targets []string, seeded map[string]bool) {
	seeded = map[string]bool{}
	handsTo := map[string][]string{}
	for _, file := range files {
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || fn.Body == nil {
				continue
			}
			f := fuzzParameter(fn)
			if f == "" {
				continue
			}
			name := fn.Name.Name
			if strings.HasPrefix(name, "Fuzz") {
				targets = append(targets, name)
			}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				switch to := call.Fun.(type) {
				case *ast.SelectorExpr:
					if x, ok := to.X.(*ast.Ident); ok && x.Name == f && to.Sel.Name == "Add" {
						seeded[name] = true
					}
				case *ast.Ident:
					if slices.ContainsFunc(call.Args, func(a ast.Expr) bool {
						x, ok := a.(*ast.Ident)
						return ok && x.Name == f
					}) {
						handsTo[name] = append(handsTo[name], to.Name)
					}
				}
				return true
			})
		}
	}
	for more := true; more; {
		more = false
		for name, others := range handsTo {
			if !seeded[name] && slices.ContainsFunc(others, func(o string) bool { return seeded[o] }) {
				seeded[name], more = true, true
			}
		}
	}
	return targets, seeded
}

// fuzzParameter returns the name of a function's parameter of type *testing.F,
// or "".
func fuzzParameter(fn *ast.FuncDecl) string {
	for _, p := range fn.Type.Params.List {
		star, ok := p.Type.(*ast.StarExpr)
		if !ok || len(p.Names) != 1 {
			continue
		}
		if sel, ok := star.X.(*ast.SelectorExpr); ok && sel.Sel.Name == "F" {
			return p.Names[0].Name
		}
	}
	return ""
}

// TestFuzzTargets asserts what counts as a seed.
func TestFuzzTargets(t *testing.T) {
	const code = `package p
func FuzzOwn(f *testing.F) { for range 2 { f.Add("x") }; f.Fuzz(func(t *testing.T, s string) {}) }
func FuzzHelped(f *testing.F) { both(f) }
func both(f *testing.F) { seeds(f, 1) }
func seeds(g *testing.F, n int) { g.Add(n) }
func FuzzNone(f *testing.F) { unseeded(f); other.Add("x"); f.Fuzz(func(t *testing.T, s string) {}) }
func unseeded(f testing.TB) {}
func FuzzyThing(t *testing.T) {}
`
	file, err := parser.ParseFile(token.NewFileSet(), "p_test.go", code, 0)
	if err != nil {
		t.Fatal(err)
	}
	targets, seeded := fuzzTargets([]*ast.File{file})
	if want := []string{"FuzzOwn", "FuzzHelped", "FuzzNone"}; !slices.Equal(targets, want) {
		t.Errorf("targets %v, want %v", targets, want)
	}
	if !seeded["FuzzOwn"] || !seeded["FuzzHelped"] || seeded["FuzzNone"] {
		t.Errorf("seeded: %v", seeded)
	}
}

var dependencyRow = regexp.MustCompile(`(?m)^\| ([^|]+) \| ([^|]+) \|$`)

// TestReadmeListsEveryDependency holds the README's table to the modules that
// go.mod requires directly: each is named once, with what it is for.
func TestReadmeListsEveryDependency(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(repository, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse("go.mod", data, nil)
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(repository, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## Dependencies\n")
	section, _, _ = strings.Cut(section, "\n## ")
	named := map[string]bool{}
	for _, row := range dependencyRow.FindAllStringSubmatch(section, -1) {
		if row[1] == "Module" || strings.HasPrefix(row[1], "---") {
			continue
		}
		for _, word := range strings.FieldsFunc(row[1], func(r rune) bool { return r == ' ' || r == ',' }) {
			if !strings.Contains(word, "/") {
				continue
			}
			if named[word] {
				t.Errorf("%s is listed twice", word)
			}
			named[word] = true
		}
	}
	for _, r := range mod.Require {
		if r.Indirect {
			continue
		}
		// As people call it: without the host of most and the version.
		name := strings.TrimPrefix(r.Mod.Path, "github.com/")
		if !named[name] {
			t.Errorf("README.md does not say what %s is for", name)
		}
		delete(named, name)
	}
	for name := range named {
		t.Errorf("README.md lists %s, which go.mod does not require", name)
	}
}
