# nix-build -E '(import <nixpkgs> { }).callPackage ./packaging/nix/package.nix { }'
{ lib, rustPlatform, pkg-config, gettext, wrapGAppsHook4, gst_all_1, gtk4, libadwaita, librsvg, pango, cairo, sqlite, pipewire }:

rustPlatform.buildRustPackage {
  pname = "lenscap";
  version = "0.1.0";
  src = lib.cleanSourceWith {
    src = ../..;
    filter = path: type: !(type == "directory" && baseNameOf path == "target");
  };
  cargoLock.lockFile = ../../Cargo.lock;

  nativeBuildInputs = [ pkg-config gettext wrapGAppsHook4 ];
  buildInputs = [ gtk4 libadwaita librsvg pango cairo sqlite ]
    ++ (with gst_all_1; [ gstreamer gst-plugins-base gst-plugins-good ]);

  # Completions, manual pages and translations are made with the programs. The tests need a user's session.
  buildPhase = ''
    runHook preBuild
    patchShebangs scripts
    scripts/build.sh --offline
    runHook postBuild
  '';
  doCheck = false;
  installPhase = ''
    runHook preInstall
    make install PREFIX=$out systemduserunitdir=$out/lib/systemd/user
    runHook postInstall
  '';
  # Found at run time, not linked.
  preFixup = ''
    gappsWrapperArgs+=(--prefix LD_LIBRARY_PATH : ${lib.makeLibraryPath [ pipewire ]})
  '';

  meta = {
    description = "Camera that is on only while an application streams";
    homepage = "https://github.com/lenscap/lenscap";
    license = lib.licenses.mit;
    mainProgram = "lenscap";
    platforms = lib.platforms.linux;
  };
}
