"""What sigstore's Python client says of the bundles in a folder: NAME accepted, or NAME refused.

A bundle NAME.dsse.json is verified by itself, NAME.message.json with the file `artifact`.
"""

import pathlib
import sys

from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier, policy

folder = pathlib.Path(sys.argv[1])
verifier = Verifier(trusted_root=TrustedRoot.from_file(str(folder / "root.json")))
artifact = (folder / "artifact").read_bytes()
signer = policy.Identity(identity=sys.argv[2], issuer=sys.argv[3])
for path in sorted(folder.glob("*.*.json")):
    name = path.stem
    try:
        bundle = Bundle.from_json(path.read_text())
        if name.endswith(".message"):
            verifier.verify_artifact(artifact, bundle, signer)
        else:
            verifier.verify_dsse(bundle, signer)
        print(name, "accepted")
    except Exception as reason:
        print(name, "refused")
        print(f"{name}: {type(reason).__name__}: {reason}", file=sys.stderr)
