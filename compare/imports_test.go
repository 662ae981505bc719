package compare

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestPure holds the package to what its comment says: no I/O, no clock, no
// output, no renderer.
func TestPure(t *testing.T) {
	allowed := []string{"cmp", "fmt", "iter", "slices", "strings", "time",
		"migrate/internal/clients", "migrate/internal/cycle", "migrate/internal/release", "migrate/keyrings", "migrate/pgp", "migrate/sigstore"}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	imports, calls := 0, 0
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, imp := range f.Imports {
			imports++
			if p, _ := strconv.Unquote(imp.Path.Value); !slices.Contains(allowed, p) {
				t.Errorf("%s imports %s", path, p)
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := sel.X.(*ast.Ident)
			if !ok {
				return true
			}
			calls++
			name := pkg.Name + "." + sel.Sel.Name
			if slices.Contains([]string{"time.Now", "time.Since", "time.Until", "time.Sleep"}, name) ||
				strings.HasPrefix(name, "fmt.Print") || strings.HasPrefix(name, "fmt.Fprint") ||
				slices.Contains([]string{"keyrings.Shipped", "keyrings.ReadKeyFiles", "keyrings.Embedded", "cycle.Embedded", "clients.Embedded"}, name) {
				t.Errorf("%s uses %s", path, name)
			}
			return true
		})
	}
	if imports == 0 || calls == 0 {
		t.Fatalf("nothing was looked at: %d imports, %d selectors in %v", imports, calls, files)
	}
}
