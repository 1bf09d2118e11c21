# For a NixOS configuration:
#   imports = [ .../packaging/nix/module.nix ];
#   programs.lenscap.enable = true;
# There /etc is made from that: this does what "lenscap setup" does elsewhere.
{ config, lib, pkgs, ... }:

let cfg = config.programs.lenscap;
in {
  options.programs.lenscap = {
    enable = lib.mkEnableOption "Lenscap, a camera that is on only while an application streams";
    package = lib.mkOption {
      type = lib.types.package;
      default = pkgs.callPackage ./package.nix { };
      defaultText = lib.literalExpression "pkgs.callPackage ./package.nix { }";
      description = "The package of Lenscap.";
    };
    label = lib.mkOption {
      type = lib.types.str;
      default = "Lenscap";
      description = "The name under which applications list the camera; Lenscap's setting device.label has to be the same.";
    };
    hideRawNodes = lib.mkEnableOption "hiding the raw nodes of Intel's image processors from other programs";
  };

  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
    systemd.packages = [ cfg.package ];
    services.dbus.packages = [ cfg.package ];
    # Not extraRules, whose number is too high for it.
    services.udev.packages = [ cfg.package ] ++ lib.optional cfg.hideRawNodes (pkgs.writeTextDir
      "lib/udev/rules.d/72-lenscap-raw-nodes.rules" (builtins.readFile ../../data/72-lenscap-raw-nodes.rules));
    users.groups.lenscap-camera = lib.mkIf cfg.hideRawNodes { };
    security.wrappers.lenscap-raw-cameras = lib.mkIf cfg.hideRawNodes {
      source = "${cfg.package}/libexec/lenscap/lenscap-raw-cameras";
      owner = "root";
      group = "lenscap-camera";
      setgid = true;
    };
    services.pipewire.wireplumber.configPackages = [ cfg.package ];
    boot.extraModulePackages = [ config.boot.kernelPackages.v4l2loopback ];
    boot.kernelModules = [ "v4l2loopback" ];
    boot.extraModprobeConfig = ''
      options v4l2loopback exclusive_caps=1 max_buffers=8 card_label="${cfg.label}"
    '';
  };
}
