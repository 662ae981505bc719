package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// imports says what each package may import of this program and what of the
// standard library it must not: data flow one way, verifiers do not know
// CPython, what is pure does no I/O.
var imports = map[string]struct{ own, never []string }{
	"internal/release": {never: []string{"os", "net", "net/http"}},
	"internal/cycle":   {own: []string{"internal/release"}, never: []string{"os", "net", "net/http", "log"}},
	"internal/clients": {own: []string{"sigstore"}, never: []string{"os", "net", "net/http", "log"}},
	"pgp":              {never: []string{"os", "net", "net/http", "log"}},
	"sigstore":         {never: []string{"os", "net", "net/http", "log"}},
	"keyrings":         {own: []string{"internal/release", "pgp", "sigstore"}, never: []string{"net", "net/http", "log"}},
	"compare":          {own: []string{"internal/clients", "internal/cycle", "internal/release", "keyrings", "pgp", "sigstore"}, never: []string{"os", "net", "net/http", "log"}},
	"report": {own: []string{"compare", "internal/clients", "internal/cycle", "internal/release", "internal/source", "keyrings", "pgp", "sigstore"},
		never: []string{"os", "net", "net/http", "log"}},
	"internal/source": {own: []string{"internal/fetch", "internal/release"}, never: []string{"net", "net/http", "log"}},
	"internal/recipe": {own: []string{"internal/release", "keyrings", "pgp", "sigstore"}, never: []string{"os", "net", "net/http", "log"}},
	"internal/shard":  {own: []string{"internal/release", "internal/source"}, never: []string{"os", "net", "net/http", "log"}},
	"internal/audit": {own: []string{"compare", "internal/release", "internal/source", "keyrings", "pgp", "sigstore"},
		never: []string{"os", "net", "net/http", "log"}},
}

func TestImports(t *testing.T) {
	for pkg, allowed := range imports {
		files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(pkg), "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no files: %v", pkg, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, spec := range f.Imports {
				path, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				own, isOwn := strings.CutPrefix(path, "migrate/")
				if isOwn && !slices.Contains(allowed.own, own) || slices.Contains(allowed.never, path) {
					t.Errorf("%s imports %s", file, path)
				}
			}
		}
	}
}

// TestNoClock: only the command reads the clock.
func TestNoClock(t *testing.T) {
	for pkg := range imports {
		files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(pkg), "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(file, "_test.go") && strings.Contains(string(data), "time.Now(") {
				t.Errorf("%s reads the clock", file)
			}
		}
	}
}
