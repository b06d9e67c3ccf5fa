from tests import typechecker as typechecker  # pytest names it, and jaxtyping imports nothing but the package
